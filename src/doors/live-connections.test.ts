import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { questionFor, routeThat, rulesThat } from '../../test/fixtures/questions.ts';
import { ScriptedSessions } from '../../test/fixtures/scripted-sessions.ts';
import { ScriptedTokens } from '../../test/fixtures/scripted-tokens.ts';
import type { Answer } from '../access/authorizer.ts';
import type { Demand } from '../access/catalogue/matched-route.ts';
import type { ResourceQuestion } from '../access/rbac/access-question.ts';
import type { Permit, Question } from '../decide.ts';
import { RequestAuthenticator } from '../identity/request-authenticator.ts';
import { silentLogger, type LogFields } from '../kernel/logger.ts';
import { silentMetrics } from '../kernel/metrics.ts';
import type { Denial } from './answer.ts';
import { Seat } from './seats.ts';
import { LiveConnections, type LiveConnection } from './live-connections.ts';

class Open implements LiveConnection {
  readonly liveSeat: Seat<LiveConnection> = new Seat<LiveConnection>(this);
  readonly kind = 'websocket';
  readonly question: Question;
  readonly renewed: string[] = [];
  readonly withdrawn: string[] = [];

  constructor(...headers: readonly string[]) {
    this.question = questionFor('/app', headers);
  }

  renew(permit: Permit): void {
    this.renewed.push(permit.identity.principal.userId);
  }

  withdraw(denial: Denial): void {
    this.withdrawn.push(denial.reason);
  }
}

const getNotebook: ResourceQuestion = {
  action: { verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' },
  namespace: 'team-a',
  name: 'lab',
};

function start() {
  const clock = new FakeClock();
  const sessions = new ScriptedSessions();
  sessions.begin('mine', 'user@example.com');
  sessions.begin('other', 'other@example.com');
  const tokens = new ScriptedTokens();
  const gauges = new Map<string, number>();
  const closed: string[] = [];
  const faults: LogFields[] = [];
  const access: { answer: Answer; demand: Demand } = {
    answer: { kind: 'allowed', grant: { binding: undefined } },
    demand: { kind: 'authenticated' },
  };
  const live = new LiveConnections({
    clock,
    rules: rulesThat(
      { kind: 'allowed', grant: { binding: undefined } },
      {
        authorizer: { ask: () => access.answer },
      },
    ),
    questionOf: (head) => ({
      ...questionFor(head.target.raw),
      match: { kind: 'route', route: routeThat(access.demand) },
    }),
    authenticator: new RequestAuthenticator({ sessions, tokens }),
    onChange: (listener) => sessions.onChange(listener),
    logger: { ...silentLogger, error: (_message, fields = {}) => faults.push(fields) },
    metrics: {
      ...silentMetrics,
      set: (_name, labels, value) => gauges.set(JSON.stringify(labels), value),
      increment: (_name, labels) => closed.push(JSON.stringify(labels)),
    },
  });
  const open = (cookie: string): Open => {
    const connection = new Open('Cookie', `kfgw=${cookie}`);
    live.add(connection);
    return connection;
  };
  const openWithToken = (token: string): Open => {
    const connection = new Open('Authorization', `Bearer ${token}`);
    live.add(connection);
    return connection;
  };
  return { clock, sessions, tokens, live, open, openWithToken, gauges, closed, faults, access };
}

describe('live connections', () => {
  it('end when their session has, within the time that changes are gathered', async () => {
    const { clock, sessions, live, open, closed } = start();
    const [mine, other] = [open('mine'), open('other')];
    sessions.end('mine', 'signed_out');
    await clock.advance(100);
    expect(mine.withdrawn).toEqual(['signed_out']);
    expect(other.withdrawn).toEqual([]);
    expect(live.size).toBe(1);
    expect(closed).toEqual(['{"reason":"signed_out"}']);
  });

  it('end when their token has, and not with anybody else', async () => {
    const { clock, sessions, tokens, open, openWithToken } = start();
    tokens.accept('good', 'ci@example.com');
    const [mine, byToken] = [open('mine'), openWithToken('good')];
    sessions.end('mine', 'signed_out');
    await clock.advance(1_000);
    expect(mine.withdrawn).toEqual(['signed_out']);
    expect(byToken.withdrawn).toEqual([]);
    tokens.set('good', { kind: 'rejected', reason: 'token_ended' });
    await clock.advance(1_000);
    expect(byToken.withdrawn).toEqual(['token_ended']);
    expect(tokens.clients).toEqual([]);
  });

  it('end when the right is withdrawn, or the catalogue has come to ask for one', async () => {
    const { clock, open, access } = start();
    const mine = open('mine');
    await clock.advance(1_000);
    expect(mine.withdrawn).toEqual([]);
    access.answer = { kind: 'denied', question: getNotebook };
    await clock.advance(1_000);
    expect(mine.withdrawn).toEqual([]);
    access.demand = { kind: 'questions', questions: [getNotebook] };
    await clock.advance(1_000);
    expect(mine.withdrawn).toEqual(['namespace_forbidden']);
  });

  it('end when a route comes to be closed, and when nobody can answer any more', async () => {
    const { clock, open, access } = start();
    const closed = open('mine');
    access.demand = { kind: 'deny', reason: 'route_denied' };
    await clock.advance(1_000);
    expect(closed.withdrawn).toEqual(['route_denied']);
    const stale = open('mine');
    access.demand = { kind: 'questions', questions: [getNotebook] };
    access.answer = { kind: 'unavailable', reason: 'access_stale', retryAfterSec: 3 };
    await clock.advance(1_000);
    expect(stale.withdrawn).toEqual(['access_stale']);
  });

  it('stay when only their body was judged', async () => {
    const { clock, open, access } = start();
    const mine = open('mine');
    access.demand = { kind: 'inspect', check: 'workgroup_create', maxBytes: 1 };
    await clock.advance(1_000);
    expect(mine.withdrawn).toEqual([]);
  });

  it('end without any message when the clock has ended their session', async () => {
    const { clock, sessions, open } = start();
    const mine = open('mine');
    sessions.expireSilently('mine');
    await clock.advance(1_000);
    expect(mine.withdrawn).toEqual(['session_expired']);
  });

  it('are withdrawn once', async () => {
    const { clock, sessions, open } = start();
    const mine = open('mine');
    sessions.end('mine');
    sessions.change();
    await clock.advance(5_000);
    expect(mine.withdrawn).toHaveLength(1);
  });

  it('are asked about once per session and gathered change, however many there are', async () => {
    const { clock, sessions, open } = start();
    const connections = Array.from({ length: 50 }, () => open('mine'));
    for (let change = 0; change < 20; change++) sessions.change();
    await clock.advance(100);
    expect(sessions.rechecks).toBe(1);
    expect(connections.every(({ renewed }) => renewed.length === 1)).toBe(true);
  });

  it('are asked about again when a change came while the store was being read', async () => {
    const { clock, sessions, open } = start();
    const mine = open('mine');
    let read = (): void => undefined;
    sessions.store = new Promise((resolve) => {
      read = resolve;
    });
    sessions.change();
    await clock.advance(100);
    sessions.change();
    await clock.advance(100);
    expect(sessions.rechecks).toBe(1);
    sessions.store = undefined;
    sessions.expireSilently('mine');
    read();
    await clock.advance(0);
    expect(mine.withdrawn).toEqual(['session_expired']);
  });

  it('are left alone once they are removed', async () => {
    const { clock, sessions, live, open } = start();
    const mine = open('mine');
    live.remove(mine);
    sessions.end('mine');
    await clock.advance(2_000);
    expect(mine.withdrawn).toEqual([]);
    expect(sessions.rechecks).toBe(0);
  });

  it('survive a fault in asking, and so do the others', async () => {
    const { clock, sessions, open, faults } = start();
    const [mine, other] = [open('mine'), open('other')];
    const recheck = sessions.recheck.bind(sessions);
    sessions.recheck = (cookie) => {
      if (cookie === 'mine') throw new Error('bug');
      return recheck(cookie);
    };
    sessions.end('other');
    await clock.advance(100);
    expect(mine.withdrawn).toEqual([]);
    expect(other.withdrawn).toHaveLength(1);
    expect(faults).toEqual([{ error: 'Error: bug' }]);
    sessions.recheck = () => Promise.reject(new Error('bug'));
    await clock.advance(1_000);
    expect(faults).toHaveLength(2);
  });

  it('end when they cannot be decided again by a fault, and the others are still asked about', async () => {
    const { clock, sessions, open, faults, access } = start();
    const asked = access.demand;
    const [mine, also] = [open('mine'), open('mine')];
    let count = 0;
    Object.defineProperty(access, 'demand', {
      get: () => {
        if (count++ === 0) throw new Error('bug');
        return asked;
      },
    });
    sessions.change();
    await clock.advance(100);
    expect(mine.withdrawn).toEqual(['internal_error']);
    expect(also.withdrawn).toEqual([]);
    expect(also.renewed).toHaveLength(1);
    expect(faults).toEqual([{ error: 'Error: bug' }]);
  });

  it('are counted every second, and no longer when closed', async () => {
    const { clock, sessions, live, open, gauges } = start();
    open('mine');
    await clock.advance(1_000);
    expect(gauges.get('{"kind":"websocket"}')).toBe(1);
    expect(gauges.get('{"kind":"stream"}')).toBe(0);
    live.close();
    sessions.end('mine');
    await clock.advance(5_000);
    expect(sessions.rechecks).toBe(1);
  });
});
