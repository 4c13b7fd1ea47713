// The request vectors through the inline door of the real public listener, over raw sockets.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startCapturingApplication,
  type CapturingApplication,
} from '../fixtures/capturing-application.ts';
import { hygieneWith } from '../fixtures/hygiene.ts';
import {
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import { bearerVectors } from '../vectors/bearer-vectors.ts';
import { runVector, VECTOR_HOST, type VectorBed } from '../vectors/run.ts';
import { doorNames, readVectors } from '../vectors/schema.ts';

const TOKEN = 'token-of-user';
const vectors = readVectors();
let application: CapturingApplication;
let listener: ListenerBed;
let bed: VectorBed;

beforeAll(async () => {
  application = await startCapturingApplication();
  const { port } = application;
  const publicOrigins = [`http://${VECTOR_HOST}`];
  listener = await startListener(
    [
      upstreamOf(port, { prefix: '/' }),
      upstreamOf(port, { prefix: '/dex/', access: 'public' }),
      upstreamOf(port, { prefix: '/serving/', neverRedirect: true }),
    ],
    {},
    { hygiene: hygieneWith({ publicOrigins }) },
  );
  listener.tokens.accept(TOKEN, 'user@example.com', undefined, 'team-a,team-b');
  bed = {
    port: listener.port,
    sessionCookie: SESSION_COOKIE,
    user: 'user@example.com',
    groups: 'team-a,team-b',
    takeArrivals: () => application.takeArrivals(),
  };
});

afterAll(async () => {
  await listener.close();
  await application[Symbol.asyncDispose]();
});

describe('request vectors', () => {
  it('are a table worth the name', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(120);
    for (const door of doorNames) {
      expect(vectors.filter((vector) => vector.doors.includes(door)).length).toBeGreaterThan(100);
    }
  });

  it.each(vectors.filter((vector) => vector.doors.includes('inline')))(
    'inline, $id: $why',
    async (vector) => {
      await runVector(vector, bed);
    },
  );
});

describe('request vectors with a token in place of the cookie', () => {
  const rows = bearerVectors();

  it('are nearly all rows of somebody who is signed in', () => {
    const signedIn = vectors.filter(({ session }) => session === 'user');
    expect(rows.length).toBeGreaterThan(signedIn.length * 0.8);
  });

  it.each(rows.filter((vector) => vector.doors.includes('inline')))(
    'inline, $id: $why',
    async (vector) => {
      await runVector(vector, { ...bed, bearerToken: TOKEN });
    },
  );
});
