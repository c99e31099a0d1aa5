import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { client } from './generated/client.gen.js';
import { ApiError, problemText, toApiError } from './problem.js';

const RETRIES_MAX = 2;

client.setConfig({ baseUrl: '' });
// A browser may send a request twice; what it asks for happens once.
client.interceptors.request.use((request) => {
  if (request.method === 'POST') request.headers.set('Idempotency-Key', crypto.randomUUID());
  return request;
});
client.interceptors.error.use((body, response) =>
  toApiError(body, (response as Response | undefined)?.status ?? 0),
);

const signedOut = new Set<() => void>();

/** Calls `leave` when the API no longer knows who this is. */
export function onSignedOut(leave: () => void): void {
  signedOut.add(leave);
}

function noteIfSignedOut(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) for (const leave of signedOut) leave();
}

/** What is read stays until a hint says that it has changed: nothing is asked for by the clock. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteIfSignedOut }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _result, { meta }) => {
      noteIfSignedOut(error);
      if (meta?.['isSaidInPlace'] === true) return;
      if (meta?.['isConflictSaid'] === true && error instanceof ApiError && error.status === 409) return;
      notifications.show({ color: 'red', title: 'That did not work', message: problemText(error) });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < RETRIES_MAX && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});
