import {
  createLazyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  Outlet,
  redirect,
  type RouteComponent,
} from '@tanstack/react-router';
import { readSessionOptions } from '../api/generated/@tanstack/react-query.gen.js';
import { onSignedOut, queryClient } from '../api/query-client.js';
import { inboxSearch } from '../features/inbox/inbox-search.js';
import { prepareMission } from '../features/mission/prepare-mission.js';
import { missionsSearch } from '../features/missions/missions-search.js';
import { settingsSearch } from '../features/settings/settings-search.js';
import { signInSearch } from '../features/sign-in/sign-in-search.js';
import { tasksSearch } from '../features/tasks/tasks-search.js';
import { waveSearch } from '../features/wave/wave-search.js';
import { webhooksSearch } from '../features/webhooks/webhooks-search.js';
import { Shell } from '../shell/shell.js';
import { Empty, ProblemAlert } from '../ui/parts.js';

const SIGN_IN = '/sign-in';

const rootRoute = createRootRoute({
  component: Outlet,
  errorComponent: ({ error }) => <ProblemAlert error={error} />,
  notFoundComponent: () => (
    <Empty why="There is no such page.">
      <Link to="/">Go to the missions</Link>
    </Empty>
  ),
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: SIGN_IN,
  validateSearch: signInSearch,
}).lazy(() =>
  lazily(
    '/sign-in',
    import('../features/sign-in/sign-in-screen.js').then((m) => m.SignInScreen),
  ),
);

/** Everything behind the sign-in. */
const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ location }) => {
    const session = await queryClient
      .query({ ...readSessionOptions(), staleTime: 'static' })
      .catch(() => null);
    if (session === null) redirect({ to: SIGN_IN, search: { next: location.href }, throw: true });
  },
});

const missionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: missionsSearch,
}).lazy(() =>
  lazily(
    '/shell/',
    import('../features/missions/missions-screen.js').then((m) => m.MissionsScreen),
  ),
);

const missionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/missions/$missionId',
  loader: ({ params }) => prepareMission(params.missionId),
}).lazy(() =>
  lazily(
    '/shell/missions/$missionId',
    import('../features/mission/mission-screen.js').then((m) => m.MissionScreen),
  ),
);

const waveRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/waves/$waveId',
  validateSearch: waveSearch,
}).lazy(() =>
  lazily(
    '/shell/waves/$waveId',
    import('../features/wave/wave-screen.js').then((m) => m.WaveScreen),
  ),
);

const tasksRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/tasks',
  validateSearch: tasksSearch,
}).lazy(() =>
  lazily(
    '/shell/tasks',
    import('../features/tasks/tasks-screen.js').then((m) => m.TasksScreen),
  ),
);

const taskRoute = createRoute({ getParentRoute: () => shellRoute, path: '/tasks/$taskId' }).lazy(() =>
  lazily(
    '/shell/tasks/$taskId',
    import('../features/task/task-screen.js').then((m) => m.TaskScreen),
  ),
);

const inboxRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/inbox',
  validateSearch: inboxSearch,
}).lazy(() =>
  lazily(
    '/shell/inbox',
    import('../features/inbox/inbox-screen.js').then((m) => m.InboxScreen),
  ),
);

const webhooksRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/webhooks',
  validateSearch: webhooksSearch,
}).lazy(() =>
  lazily(
    '/shell/webhooks',
    import('../features/webhooks/webhooks-screen.js').then((m) => m.WebhooksScreen),
  ),
);

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  validateSearch: settingsSearch,
}).lazy(() =>
  lazily(
    '/shell/settings',
    import('../features/settings/settings-screen.js').then((m) => m.SettingsScreen),
  ),
);

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    shellRoute.addChildren([
      missionsRoute,
      missionRoute,
      waveRoute,
      tasksRoute,
      taskRoute,
      inboxRoute,
      webhooksRoute,
      settingsRoute,
    ]),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

type LazyId = Exclude<Parameters<typeof createLazyRoute>[0], undefined>;

/** Loaded when it is gone to. */
async function lazily(id: LazyId, loading: Promise<RouteComponent>) {
  return createLazyRoute(id)({ component: await loading });
}

onSignedOut(() => {
  if (router.state.location.pathname === SIGN_IN) return; // a wrong key: the screen says so itself
  queryClient.clear();
  void router.navigate({ to: SIGN_IN, search: { next: router.state.location.href } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
