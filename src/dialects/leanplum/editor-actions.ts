import type { Action } from './action.ts';

/** Names of the vendor's screen editor, without callers: plain success (contract 2.12). */
export const editorActions: readonly Action[] = [
  'saveInterface',
  'saveInterfaceImage',
  'getViewControllerVersionsList',
].map((name) => ({
  name,
  key: 'development',
  userIsOptional: true,
  toCommand: () => ({ command: undefined }),
  toReply: () => ({}),
}));
