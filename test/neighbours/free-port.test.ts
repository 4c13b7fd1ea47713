import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort, freePorts } from './free-port.ts';

describe('free ports', () => {
  it('are never handed out twice', async () => {
    const ports = await freePorts(200);
    expect(new Set(ports).size).toBe(200);
  });

  it('can be listened on', async () => {
    const server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });
});
