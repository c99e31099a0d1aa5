#!/usr/bin/env node
// A stand-in for Prisma's native schema engine. The CLI starts it as a child process and speaks JSON-RPC, one
// message per line, over stdin and stdout; the answers come from the same engine compiled to WebAssembly.
// Used through scripts/prisma.mjs; never part of the running service.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

const CHAR_OID = 18; // the catalogs' one-byte "char"
const TEXT_OID = 25;
const RPC_SERVER_ERROR = 4466; // the code the native engine answers with
const DIFFERS_EXIT_CODE = 2;
const PANIC_EXIT_CODE = 101;
const ADMIN_SHUTDOWN = '57P01'; // what a session sees when its shadow database is dropped under it

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    version: { type: 'boolean' },
    datamodels: { type: 'string', multiple: true, short: 'd' },
    datasource: { type: 'string' },
  },
});
const datasource = options.datasource === undefined ? {} : JSON.parse(options.datasource);

/** `cli <command>`: checks, creates or drops the database, then exits. */
async function runOneCommand(command) {
  const database = connectionOf(datasource.url).database;
  const commands = {
    'can-connect-to-database': () => execute('select 1', database),
    'create-database': () => execute(`create database ${pg.escapeIdentifier(database)}`),
    'drop-database': () => execute(`drop database ${pg.escapeIdentifier(database)} with (force)`),
  };
  try {
    await commands[command]();
    return 0;
  } catch (error) {
    const codes = { '3D000': 'P1003', ECONNREFUSED: 'P1001' };
    logError({ error_code: codes[error.code] ?? 'P1000', message: error.message });
    return 1;
  }
}

async function serve() {
  process.on('uncaughtException', (error) => {
    if (error.code === ADMIN_SHUTDOWN) return;
    logError({ message: String(error.stack ?? error) });
    process.exit(PANIC_EXIT_CODE);
  });
  const engine = await startEngine();
  // One at a time and in order: the engine is a single-threaded state machine.
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() !== '') await answer(engine, JSON.parse(line));
  }
  process.exit(0); // open pools would keep the process alive
}

async function startEngine() {
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => console.error(message) };
  const packageDir = path.dirname(fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm')));
  const binary = readFileSync(path.join(packageDir, 'schema_engine_bg.wasm'));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    './schema_engine_bg.js': bindings,
  });
  bindings.__wbg_set_wasm(exports);
  exports.__wbindgen_start?.();

  const datamodels = options.datamodels?.map((file) => [file, readFileSync(file, 'utf8')]);
  const factory = bindMigrationAwareSqlAdapterFactory(new MigrationAdapterFactory(datasource.url));
  return bindings.SchemaEngine.new({ datamodels }, () => {}, factory);
}

/**
 * For what this engine refuses on Postgres, where it finds the shadow database only in `diff`. So `migrate dev` does not
 * warn of a loss of data; read the SQL that it writes.
 */
const substitutes = {
  async evaluateDataLoss(engine, input) {
    const { differs } = await diffToSchema(engine, input);
    return { migrationSteps: differs ? 1 : 0, warnings: [], unexecutableSteps: [] };
  },
  async createMigration(engine, input) {
    const { differs, script } = await diffToSchema(engine, input);
    const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    return {
      connectorType: 'postgresql',
      generatedMigrationName: `${timestamp}_${input.migrationName.replace(/\W+/g, '_') || 'migration'}`,
      migrationScript: differs || input.draft ? script : null,
      extension: 'sql',
    };
  },
};

/** The SQL from the state after all migrations to the schema file. */
async function diffToSchema(engine, { migrationsList, schema, filters }) {
  const from = { tag: 'migrations', ...migrationsList };
  const to = { tag: 'schemaDatamodel', ...schema };
  const { exitCode, stdout } = await engine.diff({ from, to, filters, script: true, exitCode: true });
  return { differs: exitCode === DIFFERS_EXIT_CODE, script: stdout ?? '' };
}

async function answer(engine, { id, method, params }) {
  if (method === undefined) return; // the CLI's reply to our own `print`
  try {
    const result = (await (substitutes[method]?.(engine, params) ?? engine[method](params ?? {}))) ?? {};
    if (method !== 'diff') return send({ id, result });
    // The native engine prints a diff through the CLI and returns the exit code alone.
    send({
      id: `print-${id}`,
      method: 'print',
      params: { content: (result.stdout ?? '').replace(/\n$/, '') },
    });
    send({ id, result: { exitCode: result.exitCode } });
  } catch (error) {
    const data = {
      is_panic: false,
      message: error.message,
      error_code: error.code ?? null,
      meta: error.meta ?? null,
    };
    send({ id, error: { code: RPC_SERVER_ERROR, message: 'The schema engine reported an error.', data } });
  }
}

/** PrismaPg, corrected where it does not yet suit the schema engine. */
class MigrationAdapterFactory {
  provider = 'postgres';
  adapterName = '@prisma/adapter-pg';

  constructor(url) {
    this.url = url;
  }

  async connect() {
    return correct(await new PrismaPg(connectionOf(this.url)).connect());
  }

  /** PrismaPg cannot drop its own shadow database: its sessions are still open at that moment. */
  async connectToShadowDb() {
    if (datasource.shadowDatabaseUrl !== undefined) {
      return correct(await new PrismaPg(connectionOf(datasource.shadowDatabaseUrl)).connect());
    }
    const database = `prisma_shadow_${process.pid}_${Date.now()}`;
    await execute(`create database ${database}`);
    const adapter = await new PrismaPg({ ...connectionOf(this.url), database }).connect();
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await execute(`drop database if exists ${database} with (force)`);
    };
    return correct(adapter);
  }
}

function correct(adapter) {
  const queryRaw = adapter.queryRaw;

  // The engine reads "char" columns of the catalogs; PrismaPg does not know the type. Show them to it as text and
  // name the type afterwards.
  adapter.queryRaw = async (query) => {
    const { fields, rows } = await adapter.performIO(query);
    const shown = fields.map((field) =>
      field.dataTypeID === CHAR_OID ? { name: field.name, dataTypeID: TEXT_OID } : field,
    );
    const source = { pgOptions: adapter.pgOptions, performIO: async () => ({ fields: shown, rows }) };
    const result = await queryRaw.call(source, query);
    const columnTypes = result.columnTypes.map((type, index) =>
      fields[index].dataTypeID === CHAR_OID ? ColumnTypeEnum.Character : type,
    );
    return { ...result, columnTypes };
  };

  // PrismaPg splits a script at every semicolon, which breaks function bodies and DO blocks. Postgres itself runs
  // several statements in one simple query.
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

function connectionOf(url) {
  if (url === undefined) throw new Error('set DATABASE_URL to the database to work on');
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port) || 5432,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

async function execute(sql, database = 'postgres') {
  const client = new pg.Client({ ...connectionOf(datasource.url), database });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function logError(fields) {
  console.error(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}`);
}

if (options.version) {
  console.log(`schema-engine-cli ${'0'.repeat(40)}`);
} else if (positionals[0] === 'cli') {
  process.exitCode = await runOneCommand(positionals[1]);
} else {
  await serve();
}
