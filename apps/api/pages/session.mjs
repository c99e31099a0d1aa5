// The session of this browser: a cookie that no script can read. Keys and tokens are handed over once and kept nowhere.

/** Signs in with `{ api_key }` or `{ token }`; the status of the answer, 0 when there was none. */
export async function signIn(credential) {
  const response = await fetch('/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credential),
  }).catch(() => null);
  return response?.status ?? 0;
}

/** Ends the session; true when it has ended. */
export async function signOut() {
  const response = await fetch('/v1/session', { method: 'DELETE' }).catch(() => null);
  return response !== null && (response.ok || response.status === 401);
}

export async function isSignedIn() {
  const response = await fetch('/v1/session').catch(() => null);
  return response?.ok ?? false;
}

export function signInText(status) {
  if (status === 401) return 'This key is not valid, or the link was used or has run out. Paste a key.';
  if (status === 403)
    return 'Another site sent you here with something to sign in with. Open the address yourself.';
  if (status === 422) return 'This does not look like a key. Paste another one.';
  if (status === 429) return 'Too many failed tries. Wait a quarter of an hour.';
  return 'The service did not answer. Is it running? Try again.';
}
