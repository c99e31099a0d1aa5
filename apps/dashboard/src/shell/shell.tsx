import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  Stack,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { endSession } from '../api/generated/sdk.gen.js';
import { useOpenQuestions } from '../api/use-open-questions.js';
import { queryClient } from '../api/query-client.js';
import { useLive } from '../live/use-live.js';
import { Icon } from '../ui/icons.js';
import { PLACES, placeOf } from './nav.js';
import { search } from './search-store.js';
import { Search } from './search.js';

export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const isLive = useLive();
  const questions = useOpenQuestions();
  const here = placeOf(useLocation({ select: ({ pathname }) => pathname }));
  return (
    <>
      <a className="wk-skip" href="#main">
        Skip to what the page shows
      </a>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
        padding="lg"
      >
        <AppShell.Header className="wk-header">
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Places" />
              <Link to="/" className="wk-brand">
                <img src="/icon.svg" alt="" width={26} height={26} />
                Wavekeeper
              </Link>
            </Group>
            <Group gap="xs" wrap="nowrap">
              <span className="wk-state" data-tone={isLive ? 'good' : 'warn'} role="status">
                {isLive ? 'live' : 'reconnecting'}
              </span>
              <Button
                variant="default"
                size="xs"
                leftSection={<Icon name="search" size={14} />}
                rightSection={<kbd className="wk-key">Ctrl K</kbd>}
                onClick={search.open}
              >
                Search
              </Button>
              <ColorToggle />
              <SignOut />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className="wk-nav" p="sm" aria-label="Places">
          <Stack gap={4}>
            {PLACES.map(({ to, label, icon }) => (
              <Link key={to} to={to} onClick={close} activeProps={{}} data-here={to === here}>
                <Icon name={icon} />
                {label}
                {to === '/inbox' && questions > 0 && (
                  <span className="wk-count" aria-label={`${questions} open`}>
                    {questions}
                  </span>
                )}
              </Link>
            ))}
          </Stack>
        </AppShell.Navbar>
        <AppShell.Main className="wk-main" id="main" tabIndex={-1}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <Search />
    </>
  );
}

function ColorToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  const label = `Use ${other} colours`;
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={30} aria-label={label} onClick={() => setColorScheme(other)}>
        <Icon name={other === 'dark' ? 'moon' : 'sun'} size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

function SignOut() {
  const router = useRouter();
  const signOut = useMutation({
    mutationFn: () => endSession({ throwOnError: true }),
    onSuccess: () => {
      queryClient.clear();
      void router.navigate({ to: '/sign-in' });
    },
  });
  return (
    <Tooltip label="Sign out">
      <ActionIcon variant="default" size={30} aria-label="Sign out" onClick={() => signOut.mutate()}>
        <Icon name="out" size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
