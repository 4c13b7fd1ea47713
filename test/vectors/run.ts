// Runs request vectors through a door that speaks HTTP/1.1: exact bytes in, what came back and what
// the application saw out.
import { expect } from 'vitest';
import { foldHeaderName } from '../../src/request/managed-headers.ts';
import { RawConnection } from '../fixtures/raw-connection.ts';
import type { Vector } from './schema.ts';

/** Who asks and how to reach the door. */
export interface VectorBed {
  readonly port: number;
  /** `name=value` of the cookie of a live session. */
  readonly sessionCookie: string;
  /** A token of the same person, which rows carry in place of the cookie where it is given. */
  readonly bearerToken?: string;
  /** What the application is told about the session's person. */
  readonly user: string;
  readonly groups: string;
  /** What the application saw since it was last asked, and forgets. */
  takeArrivals(): readonly Arrival[];
}

/** A request as the application saw it. */
export interface Arrival {
  readonly method: string;
  readonly target: string;
  /** Alternating names and values. */
  readonly rawHeaders: readonly string[];
}

/** An answer as the client saw it. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export const VECTOR_HOST = 'kubeflow.example.com';
const CLIENT_ADDRESS = '127.0.0.1';

/** Sends a row and holds the answer and the application's view to what it expects. */
export async function runVector(vector: Vector, bed: VectorBed): Promise<void> {
  bed.takeArrivals();
  const answer = await send(vector, bed);
  expectAnswer(vector, answer);
  expectArrivals(vector, bed, bed.takeArrivals());
}

/** The bytes of a row, one per character. */
function bytesOf(vector: Vector, bed: VectorBed): string {
  const credential = credentialOf(bed);
  if ('raw' in vector)
    return filled(vector.raw.replace('Cookie: {session}', credential.join(': ')), bed);
  const headers = vector.headers.map(([name, value]): [string, string] => [name, value]);
  const isNamed = (wanted: string): boolean =>
    headers.some(([name]) => name.toLowerCase() === wanted);
  if (vector.session === 'user' && !isNamed(credential[0].toLowerCase()))
    headers.push(credential);
  if (!isNamed('connection')) headers.push(['Connection', 'close']);
  const lines = [['Host', VECTOR_HOST], ...headers].map((pair) => `${pair.join(': ')}\r\n`);
  const text = `${vector.method} ${vector.target} HTTP/1.1\r\n${lines.join('')}\r\n${vector.body}`;
  return filled(text, bed);
}

function credentialOf({ bearerToken }: VectorBed): [name: string, value: string] {
  return bearerToken === undefined
    ? ['Cookie', '{session}']
    : ['Authorization', `Bearer ${bearerToken}`];
}

function filled(text: string, bed: VectorBed): string {
  return text
    .replaceAll('{sessionName}', bed.sessionCookie.split('=')[0] ?? '')
    .replaceAll('{session}', bed.sessionCookie)
    .replaceAll('{user}', bed.user)
    .replaceAll('{groups}', bed.groups)
    .replaceAll('{client}', CLIENT_ADDRESS)
    .replaceAll(/\{repeat:([^}]*):(\d+)\}/g, (_, piece: string, times: string) =>
      piece.repeat(Number(times)),
    );
}

async function send(vector: Vector, bed: VectorBed): Promise<Answer> {
  const isHead = 'method' in vector && vector.method === 'HEAD';
  const connection = new RawConnection(bed.port);
  try {
    connection.send(bytesOf(vector, bed));
    const received = await connection.matching((text) => isComplete(text, isHead));
    return parseAnswer(received);
  } finally {
    connection.destroy();
  }
}

/** Whether a whole answer has come (RFC 9112 section 6.3). */
function isComplete(received: string, isHead: boolean): boolean {
  if (!received.includes('\r\n\r\n')) return false;
  const { status, headers, body } = parseAnswer(received);
  if (isHead || status === 101 || status === 204) return true;
  if (headers.get('transfer-encoding') === 'chunked') return body.endsWith('0\r\n\r\n');
  return body.length >= Number(headers.get('content-length') ?? Infinity);
}

function parseAnswer(received: string): Answer {
  const end = received.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]),
    headers: new Map(headers),
    body: received.slice(end + 4),
  };
}

function expectAnswer(vector: Vector, { status, headers, body }: Answer): void {
  const { expect: expected } = vector;
  expect(status, `status; the answer was ${body.slice(0, 300)}`).toBe(expected.status);
  if (expected.reason !== undefined) expect(body).toContain(expected.reason);
  if (expected.contentType !== undefined) {
    expect(headers.get('content-type')).toContain(expected.contentType);
  }
  const location = headers.get('location');
  if (expected.locationPrefix === undefined) expect(location).toBeUndefined();
  else expect(location?.startsWith(expected.locationPrefix), `Location ${location ?? ''}`).toBe(true);
  if (expected.status === 401) expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
}

function expectArrivals(vector: Vector, bed: VectorBed, arrivals: readonly Arrival[]): void {
  const { forwarded, upstreamTarget, upstreamHeaders } = vector.expect;
  expect(arrivals.map((arrival) => arrival.target)).toHaveLength(forwarded ? 1 : 0);
  const [arrival] = arrivals;
  if (arrival === undefined) return;
  const target = upstreamTarget ?? ('target' in vector ? vector.target : undefined);
  if (target !== undefined) expect(arrival.target).toBe(target);
  if ('method' in vector) expect(arrival.method).toBe(vector.method);
  for (const [name, value] of upstreamHeaders?.present ?? []) {
    const sent = filled(value, bed);
    // A person without groups: a managed header without a value is not sent at all.
    expect(valuesOf(arrival, name), name).toEqual(sent === '' ? [] : [sent]);
  }
  for (const name of upstreamHeaders?.absent ?? []) expect(valuesOf(arrival, name), name).toEqual([]);
  expectOnlyOurIdentity(vector, bed, arrival);
}

/** Of every row: no credential of ours, and no identity but the session's, reaches an application. */
function expectOnlyOurIdentity(vector: Vector, bed: VectorBed, arrival: Arrival): void {
  const identity = valuesOf(arrival, 'kubeflow-userid');
  if (vector.session === 'user') expect(identity).toEqual([bed.user]);
  else expect(identity).toEqual([]);
  for (const secret of [bed.sessionCookie, bed.bearerToken]) {
    if (secret !== undefined) expect(arrival.rawHeaders.join('\n')).not.toContain(secret);
  }
}

/** Values of a header in any spelling that an application could take for it. */
function valuesOf(arrival: Arrival, name: string): string[] {
  return arrival.rawHeaders.filter(
    (_, index) =>
      index % 2 === 1 &&
      foldHeaderName(arrival.rawHeaders[index - 1] ?? '') === foldHeaderName(name),
  );
}
