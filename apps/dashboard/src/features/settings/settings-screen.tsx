import { Stack, Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { PageHead } from '../../ui/parts.js';
import { useTitle } from '../../ui/use-title.js';
import { AuditTab } from './audit-tab.js';
import { BudgetTab } from './budget-tab.js';
import { KeysTab } from './keys-tab.js';
import { SETTINGS_TABS, USAGE_GROUPS, type SettingsSearch } from './settings-search.js';
import { UsageTab } from './usage-tab.js';
import { WorkersTab } from './workers-tab.js';

const route = getRouteApi('/shell/settings');
const TITLES = {
  usage: 'Usage',
  budget: 'Budget',
  workers: 'Workers',
  keys: 'API keys',
  audit: 'Audit',
} as const;
const READS = {
  budget: '/v1/budget',
  workers: '/v1/workers',
  keys: '/v1/api-keys',
  audit: '/v1/audit',
} as const;

export function SettingsScreen() {
  const { tab = 'usage', by = USAGE_GROUPS[0] } = route.useSearch();
  const navigate = route.useNavigate();
  useTitle('Settings');
  return (
    <Stack gap="md">
      <PageHead
        title="Settings"
        api={tab === 'usage' ? { path: '/v1/usage', query: { group_by: by } } : { path: READS[tab] }}
        detail="What the tenant spends, who works for it, and who may speak for it."
      />
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: { tab: next as SettingsSearch['tab'] } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {SETTINGS_TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {TITLES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="usage">
          <UsageTab />
        </Tabs.Panel>
        <Tabs.Panel value="budget">
          <BudgetTab />
        </Tabs.Panel>
        <Tabs.Panel value="workers">
          <WorkersTab />
        </Tabs.Panel>
        <Tabs.Panel value="keys">
          <KeysTab />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <AuditTab />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
