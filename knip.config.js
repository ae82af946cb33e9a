/** Dead code: files, exports and dependencies that nothing uses. A type that only its own file uses may stay exported, since it is part of a signature. */
export default {
  entry: [
    'src/main.ts',
    'src/client/{index,node}.ts',
    'src/admin/index.ts',
    'test/**/*.test.ts',
    // Run as processes or workers of their own.
    'test/support/{stack-main,defect-on-signal}.{ts,mjs}',
    'test/bucket/file-incrementer.ts',
    'test/store/{limited-disk,full-disk,lock-holder,many-imports}.ts',
    'test/edge/guest.ts',
    'bench/{main,behind-pushpin,proxied-openings,trivial-origin,pushpin-starts,pushpins,soak,growth,scale,commit,stand-in-proxies,time-boundaries,evaluate-worst,explain,request-cost,file-compaction,proxy-memory,children,subscriber-pool,replica-memory,hello,start,tracing,takeover,console,discarding-receiver,gc-on-signal}.{ts,mjs}',
    'bench/peers/bare-node.mjs',
    'chaos/{main,link-process,shift-clock}.{ts,mjs}',
    'lab/main.ts',
    'scripts/*.{mjs,ts}',
    'examples/**/*.{ts,mjs}',
  ],
  project: ['{src,test,bench,chaos,lab,scripts,examples}/**/*.{ts,mjs}', 'console/src/**/*.{ts,tsx}'],
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Loaded by createRequire or by a computed name, or bundled from a text in a test.
  ignoreDependencies: [
    '@cdktf/hcl2json',
    'kubernetes-models',
    '@kubernetes-models/prometheus-operator',
    '@kubernetes-models/gateway-api',
    '@prefab-cloud/prefab-cloud-react',
    // Its schemas are read as files.
    '@cyclonedx/cyclonedx-library',
    // For the pages with time series.
    'uplot',
  ],
  // Debian's packages, which scripts/setup.mjs installs.
  ignoreBinaries: ['pushpin', 'promtool', 'systemd-analyze', 'mkfifo', 'taskset'],
  // edge/ has packages of its own.
  ignore: ['edge/**'],
};
