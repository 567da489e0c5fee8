import { answerFetch, answerMarkAsRead } from './app-inbox.ts';
import { answerSingle, type WriteParts } from './batch.ts';
import { linkIdsTo } from './commands/link-ids.ts';
import { json } from './reply.ts';
import { type KeyedRoute, type OpenRoute, writeTo } from './route.ts';

/** What no project has yet: the answers that both mobile SDKs take for "nothing to show" (contract 5.1). */
const nothing = () => json(200, {});
const noData = () => json(200, { success: true, data: [] });
const noBlocks = () => json(200, { success: true, in_app_content_blocks: [] });

/**
 * What the mobile SDKs call besides tracking (contract 5.1). `scope` is how their addresses name the project: `projects`,
 * or `streams` in their stream mode.
 */
export function sdkContentRoutes(parts: WriteParts, scope: 'projects' | 'streams'): readonly KeyedRoute[] {
  const webxp = `/webxp/${scope}/:projectToken`;
  const short = scope === 'projects' ? '/webxp/s/:projectToken' : webxp;
  const routes: Record<string, KeyedRoute['methods']> = {
    [`${short}/inappmessages`]: { POST: noData },
    [`${short}/inappcontentblocks`]: { POST: noData },
    [`${webxp}/appinbox/fetch`]: { POST: answerFetch },
    [`${webxp}/appinbox/markasread`]: { POST: answerMarkAsRead },
    [`/wxstatic/${scope}/:projectToken/bundle-android.json`]: { GET: noBlocks },
    [`/wxstatic/${scope}/:projectToken/bundle-ios.json`]: { GET: noBlocks },
  };
  // The web SDK calls these too, with nothing but the token of the project.
  const ofPages: typeof routes = {
    // By category; a project has no segments that it shows to devices.
    [`${webxp}/segments`]: { GET: nothing },
    [`${webxp}/cookies/:cookie/link-ids`]: {
      POST: async (call) => {
        const { cookie = '' } = call.params;
        // What a request says is in its address too: an `Idempotency-Key` belongs to both.
        const request = { ...writeTo(call.credentials, call), query: cookie };
        return answerSingle(linkIdsTo(cookie), request, parts, nothing());
      },
    },
  };
  const content = Object.entries({ ...routes, ...ofPages }).map(([path, methods]): KeyedRoute => {
    const token = scope === 'streams' ? 'HS512' : path.includes('/appinbox/') ? 'HS256' : undefined;
    const keyless = scope === 'projects' && path in ofPages;
    return { path, methods, project: 'path', keyless, ...(token && { token }) };
  });
  return [...content, selfChecks[scope]];
}

/** Asks for a push to the device itself, in debug builds; there is nothing here that sends one. */
const selfCheck = { methods: { POST: () => json(200, { success: true }) } };
const selfChecks: Readonly<Record<'projects' | 'streams', KeyedRoute>> = {
  projects: { ...selfCheck, path: '/campaigns/send-self-check-notification', project: 'project_id' },
  streams: {
    ...selfCheck,
    path: '/campaigns/streams/:projectToken/send-self-check-notification',
    project: 'path',
    token: 'HS512',
  },
};

/** What the web SDK's snippet calls on every page; a page that only tracks needs no more of them (contract 5.2). */
export const webContentRoutes = {
  projects: ['/managed-tags/show', '/campaigns/banners/show', '/webxp/projects/:projectToken/bundle'].map(
    open,
  ),
  streams: ['/webxp/streams/:projectToken/managed-tags/show', '/webxp/streams/:projectToken/bundle'].map(
    open,
  ),
};

function open(path: string): OpenRoute {
  return { path, methods: { GET: nothing, POST: nothing }, project: null };
}
