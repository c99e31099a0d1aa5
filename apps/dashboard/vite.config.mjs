import path from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = import.meta.dirname;

export default defineConfig({
  root,
  plugins: [react()],
  build: {
    outDir: path.join(root, '../../dist/dashboard'),
    emptyOutDir: true,
    manifest: true, // a spec reads in it what the first load takes
    modulePreload: { polyfill: false }, // which would be an inline script
    assetsInlineLimit: 0, // the policy takes no data: addresses
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // these know light-dark()
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000, // the charts, which are loaded when they are looked at
  },
});
