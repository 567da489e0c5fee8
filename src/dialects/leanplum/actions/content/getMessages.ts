import { emptyList } from '../../content/nothing-yet.ts';

export const getMessages = emptyList('getMessages', 'contentReadOnly', 'messages');
