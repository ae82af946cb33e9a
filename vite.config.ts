/** The build of the console: `console/` into `dist/console`, which nodes serve at /console/. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'console',
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    // The policy of the page lets nothing be loaded from data URLs.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    target: 'es2022',
  },
  // For work on the console: `npx vite` next to a node on its usual port.
  server: { proxy: { '/admin': 'http://127.0.0.1:8080' } },
});
