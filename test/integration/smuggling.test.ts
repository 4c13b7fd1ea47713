// Request smuggling against the inline door: raw bytes at the front, an application that reads as
// leniently as any at the back, and never one request more than were judged.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Cleanups } from '../fixtures/cleanups.ts';
import {
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import {
  startLenientUpstream,
  type Leniency,
  type LenientUpstream,
} from '../fixtures/lenient-upstream.ts';
import { exchangeRaw, RawConnection } from '../fixtures/raw-connection.ts';
import { startRawUpstream } from '../fixtures/tcp-server.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const vectorSchema = z.strictObject({
  name: z.string(),
  /** What is sent, in so many packets; `{cookie}`, `{smuggled}`, `{length}`, `{size}` are filled in. */
  send: z.array(z.string()),
  /** Targets that the application sees, each once and in this order. */
  reaches: z.array(z.string()).default([]),
  /** Targets that the application may see once, because the error comes after the head. */
  attempts: z.array(z.string()).default([]),
  /** Statuses that the client gets, in order. */
  statuses: z.array(z.number()),
  /** The gateway ends the connection afterwards. */
  closes: z.boolean().default(false),
  /** The client ends the connection. */
  leaves: z.boolean().default(false),
  /** However it is answered. */
  anyEnd: z.boolean().default(false),
  /** Requests of one connection may reach the application in any order. */
  inAnyOrder: z.boolean().default(false),
  /** Text that no application may receive. */
  never: z.string().optional(),
});
type Vector = z.infer<typeof vectorSchema>;

const vectors = z
  .array(vectorSchema)
  .parse(JSON.parse(readFileSync(new URL('../vectors/smuggling.json', import.meta.url), 'utf8')));

const SMUGGLED = `GET /smuggled HTTP/1.1\r\nHost: gateway\r\nCookie: ${SESSION_COOKIE}\r\n\r\n`;

function fillIn(text: string): string {
  return text
    .replaceAll('{cookie}', SESSION_COOKIE)
    .replaceAll('{smuggled}', SMUGGLED)
    .replaceAll('{length}', String(SMUGGLED.length))
    .replaceAll('{size}', SMUGGLED.length.toString(16));
}

function statusesIn(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** Another user's request through the same pool; returns its answer's body. */
async function askAsVictim(port: number, target: string): Promise<string | undefined> {
  const answer = await exchangeRaw(
    port,
    `GET ${target} HTTP/1.1\r\nHost: gateway\r\nCookie: ${SESSION_COOKIE}\r\nConnection: close\r\n\r\n`,
  );
  return answer.split('\r\n\r\n')[1];
}

describe.each<Leniency>(['length-first', 'coding-first', 'early'])(
  'no request is smuggled to an application that frames %s',
  (leniency) => {
    const cleanups = new Cleanups();
    let upstream: LenientUpstream;
    let bed: ListenerBed;
    let victims = 0;

    beforeAll(async () => {
      upstream = await startLenientUpstream(leniency);
      cleanups.add(() => upstream.close());
      bed = await startListener([upstreamOf(upstream.port)]);
      cleanups.add(() => bed.close());
    });
    afterAll(cleanups.run);

    /** Sends the vector and returns the statuses of its answers. */
    async function attack(vector: Vector): Promise<number[]> {
      const connection = new RawConnection(bed.port);
      try {
        for (const packet of vector.send) {
          connection.send(fillIn(packet));
          if (vector.send.length > 1) await new Promise((resolve) => setImmediate(resolve));
        }
        if (vector.leaves) connection.destroy();
        if (vector.closes || vector.leaves || vector.anyEnd) await connection.ended();
        else await connection.matching((text) => statusesIn(text).length >= vector.statuses.length);
        return statusesIn(connection.received);
      } finally {
        connection.destroy();
      }
    }

    it.each(vectors)('$name', async (vector) => {
      const statuses = await attack(vector);
      // Its answer must be its own, and no request may come before it that was not judged.
      const victim = `/victim-${victims++}`;
      expect(await askAsVictim(bed.port, victim)).toBe(victim);

      const seen = upstream.takeTargets();
      expect(seen.at(-1)).toBe(victim);
      const before = seen.slice(0, -1);
      if (vector.attempts.length > 0) {
        expect(before.length).toBeLessThanOrEqual(vector.attempts.length);
        expect(vector.attempts).toEqual(expect.arrayContaining(before));
      } else if (vector.inAnyOrder) {
        expect(before.toSorted()).toEqual(vector.reaches.toSorted());
      } else {
        expect(before).toEqual(vector.reaches);
      }
      if (vector.attempts.length === 0 && !vector.anyEnd) expect(statuses).toEqual(vector.statuses);
      if (vector.never !== undefined) expect(upstream.bytes.join('')).not.toContain(vector.never);
    });
  },
);

describe('an application that answers once too often', () => {
  const cleanups = new Cleanups();
  afterEach(cleanups.run);

  const answerTo = (target: string): string =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`;

  it.each(['in the same packet', 'later'])(
    'loses its connection, and nobody gets the second answer, sent %s',
    async (when) => {
      const upstream = await startRawUpstream((socket) => {
        socket.on('data', (chunk) => {
          const target = /^GET (\S+)/.exec(chunk.toString('latin1'))?.[1] ?? '';
          const isTwice = target === '/twice' && when === 'in the same packet';
          socket.write(answerTo(target) + (isTwice ? answerTo('/poison') : ''));
        });
      });
      cleanups.add(() => upstream.close());
      const bed = await startListener([upstreamOf(upstream.port)]);
      cleanups.add(() => bed.close());

      expect(await askAsVictim(bed.port, '/twice')).toBe('/twice');
      if (when === 'later')
        for (const socket of upstream.sockets) socket.write(answerTo('/poison'));
      await pollUntil('the connection is given up', () => upstream.sockets.size === 0);
      for (const target of ['/victim-1', '/victim-2', '/victim-3']) {
        expect(await askAsVictim(bed.port, target)).toBe(target);
      }
    },
  );
});
