// Attacks with bearer tokens on a whole gateway, whose issuers and API server count what they are asked.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reasons, type ReasonCode } from '../../src/kernel/reasons.ts';
import { valuesOf, type Arrival } from '../fixtures/echo-application.ts';
import { ask, type RawAnswer } from '../fixtures/raw-answer.ts';
import {
  startTokenAttackBed,
  tokenAttackNeighbours,
  UNKNOWN_PER_MINUTE,
  type TokenAttackBed,
} from '../fixtures/token-attack-bed.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { readTokenAttacks, type TokenAttack, type TokenRecipe } from '../vectors/token-attacks.ts';

const attacks = readTokenAttacks();
const FORGED = 1_000;
/** One fetch when an unknown kid is first seen, and one more should the cool-down end meanwhile. */
const MOST_FETCHES = 2;

/** Told of tokens that are good by themselves. */
const ONLINE: ReadonlySet<unknown> = new Set(['token_ended', 'conflicting_credentials']);

const ordinary: TokenRecipe = { ...emptyRecipe(), issuer: 'ci' };
const serviceAccount: TokenRecipe = { ...emptyRecipe(), issuer: 'cluster' };

describeWith(tokenAttackNeighbours, 'attacks with bearer tokens', () => {
  const stack = new AsyncDisposableStack();
  let bed: TokenAttackBed;
  const secretsSent: string[] = [];
  beforeAll(async () => {
    bed = stack.use(await startTokenAttackBed());
  });
  afterAll(() => stack.disposeAsync());

  it('are a table worth the name', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(300);
    expect(attacks.filter(({ expect: wanted }) => 'reason' in wanted).length).toBeGreaterThan(250);
  });

  it.each(attacks.map((attack, at) => ({ ...attack, client: clientAddress(1, at) })))(
    '$id: $why',
    async (attack) => {
      const token = bed.forge.make(attack.token);
      if (token.length > 100) secretsSent.push(token.slice(-40));
      bed.cluster.review = attack.review ?? {};
      const { reviews } = bed.cluster;
      const before = bed.application.arrivals.length;
      const answer = await send(attack, token, bed);
      const arrivals = bed.application.arrivals.slice(before);
      if ('reason' in attack.expect) {
        expectRefusal([attack.expect.reason].flat(), answer, arrivals);
        // What is wrong with a token by itself is found without the API server.
        const needsServer = ONLINE.has(attack.expect.reason) || attack.review !== undefined;
        if (!needsServer) expect(bed.cluster.reviews).toBe(reviews);
      } else expectPassage(attack, attack.expect, token, answer, arrivals);
      expect(bed.keyServer.caught).toEqual([]);
    },
  );

  it('cost an issuer hardly a fetch, and the API server nothing, however many are forged', async () => {
    const counts = () => ({
      ci: bed.keyServer.fetchesOf('ci'),
      cluster: bed.cluster.keyFetches,
      reviews: bed.cluster.reviews,
    });
    const before = counts();
    const forgeries = Array.from({ length: FORGED }, (_, at) => ({
      token: bed.forge.make(forgeryOf(at % 2 === 0 ? ordinary : serviceAccount)),
      client: clientAddress(2, at),
    }));
    const statuses = await statusesOf(bed, forgeries);
    expect(statuses.filter((status) => status !== 401 && status !== 503)).toEqual([]);
    const after = counts();
    expect(after.ci - before.ci).toBeLessThanOrEqual(MOST_FETCHES);
    expect(after.cluster - before.cluster).toBeLessThanOrEqual(MOST_FETCHES);
    expect(after.reviews - before.reviews).toBe(0);
  });

  it('of one address end at its limit, which does not touch what is known or comes from elsewhere', async () => {
    const [attacker, other] = [clientAddress(3, 0), clientAddress(3, 1)];
    const known = bed.forge.make(ordinary);
    expect(await statusesOf(bed, [{ token: known, client: attacker }])).toEqual([200]);
    const forgeries = Array.from({ length: FORGED }, () => ({
      token: bed.forge.make(forgeryOf(ordinary)),
      client: attacker,
    }));
    const statuses = await statusesOf(bed, forgeries);
    const limited = statuses.filter((status) => status === 429).length;
    expect(limited).toBeGreaterThanOrEqual(FORGED - 2 * UNKNOWN_PER_MINUTE);
    const asked = [known, known, bed.forge.make({ ...ordinary, claims: { jti: randomUUID() } })];
    expect(
      await statusesOf(bed, [
        { token: asked[0] ?? '', client: attacker },
        { token: asked[1] ?? '', client: other },
        { token: asked[2] ?? '', client: other },
      ]),
    ).toEqual([200, 200, 200]);
  });

  it('with one token that the API server refuses are put before it once', async () => {
    const token = bed.forge.make({ ...serviceAccount, claims: { jti: randomUUID() } });
    bed.cluster.review = { authenticated: false };
    const before = bed.cluster.reviews;
    const requests = Array.from({ length: 100 }, () => ({ token, client: clientAddress(4, 0) }));
    expect(new Set(await statusesOf(bed, requests))).toEqual(new Set([401]));
    expect(bed.cluster.reviews - before).toBeLessThanOrEqual(2);
  });

  it('leave nothing of a token in the log', () => {
    const log = JSON.stringify(bed.gateway.log());
    expect(log).toContain('invalid_token');
    expect(secretsSent.filter((secret) => log.includes(secret))).toEqual([]);
    expect(log).not.toContain(bed.assertion.slice(-40));
  });
});

function emptyRecipe(): TokenRecipe {
  return { issuer: 'ci', header: {}, claims: {}, text: '{header}.{claims}.{signature}' };
}

/** A token that its issuer did not sign, and whose key nobody has heard of. */
function forgeryOf(recipe: TokenRecipe): TokenRecipe {
  const header = { kid: randomUUID() };
  return { ...recipe, header, signature: { by: 'stranger/rsa' } };
}

/** An address of a network of its own. */
function clientAddress(network: number, at: number): string {
  return `10.${network}.${Math.floor(at / 250)}.${(at % 250) + 1}`;
}

function send(
  attack: TokenAttack & { readonly client: string },
  token: string,
  bed: TokenAttackBed,
): Promise<RawAnswer> {
  const fill = (text: string) => filled(text, token, bed);
  const { method, target, session, client } = attack;
  const headers = attack.headers.map(([name, value]) => `${name}: ${fill(value)}`);
  if (session) headers.push(fill('Cookie: {session}'));
  // As programs do; what says nothing may be a browser, and is led to the sign-in.
  if (!headers.some((line) => line.startsWith('Accept: '))) headers.push('Accept: */*');
  const body = fill(attack.body);
  if (body !== '') headers.push(`Content-Length: ${body.length}`);
  const lines = [...headers, `X-Forwarded-For: ${client}`];
  return ask(bed.gateway, `${method} ${fill(target)}`, lines, body);
}

function filled(text: string, token: string, { sessionCookie, assertion }: TokenAttackBed): string {
  return text
    .replaceAll('{token}', token)
    .replaceAll('{assertion}', assertion)
    .replaceAll('{sessionName}', 'kfgw')
    .replaceAll('{sessionValue}', sessionCookie)
    .replaceAll('{session}', `kfgw=${sessionCookie}`)
    .replaceAll(/\{repeat:([^}]*):(\d+)\}/g, (_, piece: string, times: string) =>
      piece.repeat(Number(times)),
    )
    .replaceAll(/\{base64:([^}]*)\}/g, (_, plain: string) => Buffer.from(plain).toString('base64'));
}

function expectRefusal(
  allowed: readonly string[],
  answer: RawAnswer,
  arrivals: readonly Arrival[],
): void {
  const { status, body } = answer;
  const code = allowed.find((reason) => body.includes(reason));
  expect(code, `${status}: ${body.slice(0, 500)}`).toBeDefined();
  expect(status).toBe(reasons[code as ReasonCode].status);
  expect(answer.header('location')).toBeUndefined();
  expect(answer.header('set-cookie')).toBeUndefined();
  if (status === 401) expect(answer.header('www-authenticate')).toMatch(/^Bearer/);
  if (status === 503) expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
  expect(arrivals).toEqual([]);
}

function expectPassage(
  { target }: TokenAttack,
  { user, groups }: Extract<TokenAttack['expect'], { user: string | null }>,
  token: string,
  answer: RawAnswer,
  arrivals: readonly Arrival[],
): void {
  expect(answer.status, answer.body.slice(0, 500)).toBe(200);
  expect(arrivals).toHaveLength(1);
  // Names travel as UTF-8, and node:http reads bytes (RFC 9110 section 5.5).
  const sent = user === null ? [] : [Buffer.from(user).toString('latin1')];
  expect(valuesOf(arrivals[0], 'kubeflow-userid')).toEqual(sent);
  if (groups !== undefined)
    expect(valuesOf(arrivals[0], 'kubeflow-groups')).toEqual(groups === '' ? [] : [groups]);
  expect(valuesOf(arrivals[0], 'authorization')).toEqual([]);
  // What a client writes into an address is the application's.
  if (!target.includes('{token}')) expect(JSON.stringify(arrivals)).not.toContain(token);
}

interface TokenRequest {
  readonly token: string;
  readonly client: string;
}

/** The statuses of requests with these tokens, in their order, some at a time. */
async function statusesOf(
  { gateway }: TokenAttackBed,
  requests: readonly TokenRequest[],
): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let at = 0; at < requests.length; at += 25) {
    const answers = await Promise.all(
      requests.slice(at, at + 25).map(({ token, client }) => {
        const headers = [`Authorization: Bearer ${token}`, `X-Forwarded-For: ${client}`];
        return ask(gateway, 'GET /app', headers);
      }),
    );
    statuses.push(...answers.map(({ status }) => status));
  }
  return statuses;
}
