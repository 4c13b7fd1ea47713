// What is answered where the catalogue closes a route, in the real pages.
import { afterEach, describe, expect, it } from 'vitest';
import type { Demand } from '../../src/access/catalogue/matched-route.ts';
import { createStandIns } from '../../src/pages/stand-ins.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import {
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import { echo, startNodeUpstream } from '../fixtures/node-upstream.ts';
import { routesThat } from '../fixtures/questions.ts';
import { ask } from '../fixtures/raw-answer.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

async function start(demand: Demand): Promise<ListenerBed> {
  const upstream = await startNodeUpstream(echo);
  cleanups.add(() => upstream.close());
  const standIns = createStandIns({ providerOrigin: () => undefined });
  const routes = routesThat(demand);
  const bed = await startListener([upstreamOf(upstream.port)], {}, { standIns, routes });
  cleanups.add(() => bed.close());
  return bed;
}

const SIGNED_IN = `Cookie: ${SESSION_COOKIE}`;
const PROGRAM = [SIGNED_IN, 'Accept: application/json'];
const PERSON = [SIGNED_IN, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];

describe('a method that a route does not take', () => {
  const demand: Demand = {
    kind: 'deny',
    reason: 'method_not_allowed',
    allow: ['POST', 'DELETE'],
  };

  it('is 405 with those it takes, for a program', async () => {
    const answer = await ask(await start(demand), 'GET /katib/delete_experiment/', PROGRAM);
    expect([answer.status, answer.header('allow')]).toEqual([405, 'POST, DELETE']);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'method_not_allowed', status: 405 });
  });

  it('and for a person who was sent there by a link', async () => {
    const answer = await ask(await start(demand), 'GET /katib/delete_experiment/', PERSON);
    expect([answer.status, answer.header('allow')]).toEqual([405, 'POST, DELETE']);
    expect(answer.body).toContain('<h1>This address does not take this method.</h1>');
  });

  it('is told to those only who are signed in', async () => {
    const answer = await ask(await start(demand), 'GET /katib/delete_experiment/', PERSON.slice(1));
    expect([answer.status, answer.header('allow')]).toEqual([302, undefined]);
  });
});

describe('a route that is closed for everybody', () => {
  it('is 403 with its own reason, and asks nobody to sign in', async () => {
    const bed = await start({ kind: 'deny', reason: 'route_denied' });
    const page = await ask(bed, 'GET /debug', PERSON);
    expect(page.status).toBe(403);
    expect(page.body).toContain('route_denied');
    expect(page.body).not.toContain('/oauth2/start');
    const problem = await ask(bed, 'GET /debug', PROGRAM);
    expect(JSON.parse(problem.body)).toMatchObject({ status: 403, code: 'route_denied' });
    expect(JSON.parse(problem.body)).not.toHaveProperty('login_url');
  });
});
