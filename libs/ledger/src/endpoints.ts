import { randomBytes } from 'node:crypto';
import { ENDPOINTS_PER_TENANT_MAX, newUuid, type EndpointPatch } from '#contracts';
import type { Tx } from '#database';
import type { SecretBox } from '#tenancy';
import {
  countEndpoints,
  forgetHealth,
  insertEndpoint,
  listCallbackUrls,
  lockEndpoint,
  lockEndpointSecrets,
  lockSubscriptions,
  removeEndpoint,
  replaceEndpointSecret,
  saveEndpoint,
  saveEndpointSecrets,
  type EndpointRead,
} from './endpoint.store.js';
import { conflict } from './errors.js';
import { lockMission } from './mission.store.js';

const SECRET_BYTES = 32;
/** Every event is held against all of a tenant's endpoints. */
const CALLBACK_URLS_PER_MISSION_MAX = 100;
/** Both signatures are sent for this long after a rotation. */
const ROTATION_OVERLAP_MS = 24 * 60 * 60 * 1_000;

export interface NewEndpoint {
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly missionId: string | null;
  readonly includeResult: boolean;
  readonly description: string;
}

/** Makes an endpoint. `secret` is the only time that it can be read. Throws `endpoints_max_reached`. */
export async function createEndpoint(
  tx: Tx,
  secretBox: SecretBox,
  input: NewEndpoint,
): Promise<{ id: string; secret: string }> {
  if (input.missionId !== null) await lockMission(tx, input.missionId); // whoever writes its events has locked it first
  await lockSubscriptions(tx);
  if ((await countEndpoints(tx)) >= ENDPOINTS_PER_TENANT_MAX)
    throw conflict(
      'endpoints_max_reached',
      `A tenant has at most ${ENDPOINTS_PER_TENANT_MAX} webhook endpoints; delete one first.`,
    );
  return addEndpoint(tx, secretBox, { ...input, implicit: false });
}

/** The endpoint that a callback_url became; its secret can be read this once. */
export interface NewCallback {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

/**
 * The endpoint that a callback_url stands for: it hears only of the mission and the tasks that named the address. One
 * per mission and address, made at first use; call it under the mission's lock. Returns those that are new. Throws
 * `callback_urls_max_reached`.
 */
export async function ensureCallbackEndpoints(
  tx: Tx,
  secretBox: SecretBox,
  missionId: string,
  urls: readonly string[],
): Promise<NewCallback[]> {
  if (urls.length === 0) return [];
  const known = new Set(await listCallbackUrls(tx, missionId));
  const added = [...new Set(urls)].filter((url) => !known.has(url));
  if (known.size + added.length > CALLBACK_URLS_PER_MISSION_MAX)
    throw conflict(
      'callback_urls_max_reached',
      `A mission has at most ${CALLBACK_URLS_PER_MISSION_MAX} different callback addresses; use a webhook endpoint.`,
    );
  const made: NewCallback[] = [];
  for (const url of added) {
    const endpoint = await addEndpoint(tx, secretBox, {
      url,
      eventTypes: ['*'],
      missionId,
      includeResult: false,
      description: 'callback_url',
      implicit: true,
    });
    made.push({ ...endpoint, url });
  }
  return made;
}

async function addEndpoint(
  tx: Tx,
  secretBox: SecretBox,
  input: NewEndpoint & { readonly implicit: boolean },
): Promise<{ id: string; secret: string }> {
  const id = newUuid();
  const secret = newSecret();
  await insertEndpoint(tx, {
    id,
    ...input,
    eventTypes: [...input.eventTypes],
    secretSealed: await secretBox.seal(tx, secret, endpointSecretPlace(tx.tenantId, id)),
    createdAt: tx.now,
  });
  return { id, secret };
}

/**
 * Changes what is given. Disabled by request, an endpoint gets nothing new and keeps what waits; enabled or moved, it
 * begins anew: its circuit is closed, and what waits goes out.
 */
export async function updateEndpoint(tx: Tx, endpointId: string, patch: EndpointPatch): Promise<void> {
  const before = await lockEndpoint(tx, endpointId);
  if (hearsMore(before, patch)) await lockSubscriptions(tx);
  const isDisabledAgain = patch.state === 'disabled' && before.state === 'disabled';
  await saveEndpoint(tx, endpointId, isDisabledAgain ? { ...patch, state: undefined } : patch);
  if (patch.state !== 'enabled' && !hasMoved(before, patch)) return;
  await forgetHealth(tx, endpointId);
  tx.ring('delivery');
}

/** Whether after the patch the endpoint may be sent what it was not sent before. */
function hearsMore(before: EndpointRead, patch: EndpointPatch): boolean {
  const isEnabled = patch.state === 'enabled' && before.state !== 'enabled';
  const isWidened = patch.event_types?.some((pattern) => !before.eventTypes.includes(pattern)) ?? false;
  return isEnabled || isWidened || hasMoved(before, patch);
}

function hasMoved(before: EndpointRead, { url }: EndpointPatch): boolean {
  return url !== undefined && url !== before.url;
}

/** Removes the endpoint with its deliveries. */
export async function deleteEndpoint(tx: Tx, endpointId: string): Promise<void> {
  await lockEndpoint(tx, endpointId);
  await lockSubscriptions(tx);
  await removeEndpoint(tx, endpointId);
}

/** Gives the endpoint a new secret; the old one signs beside it for a day. Returns the new one, this once. */
export async function rotateEndpointSecret(
  tx: Tx,
  secretBox: SecretBox,
  endpointId: string,
): Promise<string> {
  await lockEndpoint(tx, endpointId);
  const secret = newSecret();
  await replaceEndpointSecret(tx, endpointId, {
    sealed: await secretBox.seal(tx, secret, endpointSecretPlace(tx.tenantId, endpointId)),
    previousUntil: new Date(tx.now.getTime() + ROTATION_OVERLAP_MS),
  });
  return secret;
}

/** Seals anew what a master key had sealed itself, so that it opens without that key; how many endpoints it was. */
export async function resealEndpoints(tx: Tx, secretBox: SecretBox): Promise<number> {
  const old = (await lockEndpointSecrets(tx)).filter(({ secretSealed, previousSecretSealed }) =>
    [secretSealed, previousSecretSealed].some(
      (sealed) => sealed !== null && secretBox.isOfFirstFormat(sealed),
    ),
  );
  for (const { id, secretSealed, previousSecretSealed } of old) {
    const place = endpointSecretPlace(tx.tenantId, id);
    const again = async (sealed: Uint8Array) =>
      secretBox.seal(tx, await secretBox.open(tx, sealed, place), place);
    await saveEndpointSecrets(tx, {
      id,
      secretSealed: await again(secretSealed),
      previousSecretSealed: previousSecretSealed === null ? null : await again(previousSecretSealed),
    });
  }
  return old.length;
}

/** Where an endpoint's secrets are sealed for: they open in no other row. */
export function endpointSecretPlace(tenantId: string, endpointId: string): string {
  return `${tenantId}|webhook_endpoint|${endpointId}|secret`;
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}
