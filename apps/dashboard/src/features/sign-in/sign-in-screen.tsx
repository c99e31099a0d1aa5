import { Button, Center, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { createSession } from '../../api/generated/sdk.gen.js';
import type { SignInInput } from '../../api/generated/types.gen.js';
import { ApiError } from '../../api/problem.js';
import { signInText } from './sign-in-model.js';

const route = getRouteApi('/sign-in');

/** Taken once, when the page is opened: a token is used up, and has no place in the history either. */
const linkToken = takeToken();

/** Signs this browser in: with a pasted key, or with the token behind the `#` of a link, which works once. */
export function SignInScreen() {
  const { next } = route.useSearch();
  const router = useRouter();
  const queries = useQueryClient();
  const [key, setKey] = useState('');
  const signIn = useMutation({
    mutationFn: (body: SignInInput) => createSession({ body, throwOnError: true }),
    onSuccess: () => {
      queries.clear();
      router.history.push(next ?? '/');
    },
    meta: { isSaidInPlace: true },
  });
  const { mutate } = signIn;
  useEffect(() => {
    if (linkToken !== '') mutate({ token: linkToken });
  }, [mutate]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    mutate({ api_key: key.trim() });
    setKey('');
  };
  return (
    <Center mih="90vh" p="md" component="main">
      <form onSubmit={submit} className="wk-panel" style={{ width: '26rem' }}>
        <Stack gap="md">
          <span className="wk-brand">
            <img src="/icon.svg" alt="" width={28} height={28} />
            Wavekeeper
          </span>
          <Title order={1}>Sign in</Title>
          <Text c="dimmed" fz="sm">
            Paste a key of your tenant, or open a link of <code>npx wavekeeper sign-in</code>. The key signs
            this browser in for a week at most, and is not kept.
          </Text>
          <PasswordInput
            id="key"
            label="API key of the tenant"
            placeholder="wk_…"
            autoComplete="off"
            required
            data-autofocus
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the key' }}
          />
          {signIn.isError && (
            <Text role="alert" c="var(--mantine-color-error)" fz="sm">
              {signInText(signIn.error instanceof ApiError ? signIn.error.status : 0)}
            </Text>
          )}
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Center>
  );
}

function takeToken(): string {
  const token = location.pathname === '/sign-in' ? location.hash.slice(1) : '';
  if (token !== '') history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}
