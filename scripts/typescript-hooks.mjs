// Lets Node load our TypeScript sources as they are, without compiling them first and without checking types. For what
// has to run before the compiler can: the client in libs/sdk is made from the API's description, and then compiled.
//
//   node --conditions=source --import ./scripts/typescript-hooks.mjs …
import { transform } from '@swc/core';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// Node calls hooks on a thread of their own, which loads this file once more.
if (isMainThread) register(import.meta.url);

/** As in jest.config.mjs: swc keeps the decorator metadata that Nest's injection reads. */
const options = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'es6' },
  jsc: {
    target: 'es2022',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

const isTypeScript = (url) => url?.startsWith('file:') && url.endsWith('.ts');

export async function resolve(specifier, context, nextResolve) {
  if (isTypeScript(context.parentURL) && specifier.startsWith('.') && specifier.endsWith('.js')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return nextResolve(source.href, context);
  }
  return nextResolve(specifier, context);
}

export async function load(url, context, nextLoad) {
  if (!isTypeScript(url)) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), { ...options, filename });
  return { format: 'module', source: code, shortCircuit: true };
}
