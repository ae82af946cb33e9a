import { describe, expect, it } from 'vitest';
import { connectionsIn } from '../../src/publish/proxy-statistics.js';

describe('the connections in the metrics of a proxy', () => {
  it('the connections in the metrics of a proxy are read whatever the prefix, also with labels', () => {
    const metrics = (name: string) =>
      `# HELP ${name}connection_connected Number of concurrent connections\n# TYPE ${name}connection_connected gauge\n${name}connection_connected 12\n${name}connection_minute 99\n`;
    expect(connectionsIn(metrics('pushpin_'))).toBe(12);
    expect(connectionsIn(metrics(''))).toBe(12);
    expect(connectionsIn('connection_connected{worker="a"} 1\nconnection_connected{worker="b"} 2\n')).toBe(3);
  });

  it('the connections in the metrics of a proxy are unknown in a text that has no such line', () => {
    expect(connectionsIn('')).toBeUndefined();
    expect(connectionsIn('<html>connection_connected 12</html>')).toBeUndefined();
  });
});
