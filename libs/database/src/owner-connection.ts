import pg from 'pg';

/** Settings by statement: options in the URL would take the place of those of the connection. */
export async function connectAsOwner(
  databaseUrl: string,
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: name });
  client.on('error', () => undefined); // a lost connection fails the query that waits for it
  await client.connect();
  for (const [setting, value] of Object.entries(settings))
    await client.query('SELECT set_config($1, $2, false)', [setting, value]);
  return client;
}
