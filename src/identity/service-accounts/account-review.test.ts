import { beforeEach, describe, expect, it } from 'vitest';
import { AccountCluster, EDITOR, EDITOR_ID } from '../../../test/fixtures/account-cluster.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { silentMetrics, type Metrics } from '../../kernel/metrics.ts';
import { AccountReview, type ReviewedAccount } from './account-review.ts';

const AUDIENCES = ['kubeflow-auth-gateway', 'second'];
const UNAVAILABLE = { kind: 'unavailable', reason: 'token_review_unavailable' };

let cluster: AccountCluster;
let review: AccountReview;
const logged: string[] = [];
const counted: string[] = [];

beforeEach(() => {
  cluster = new AccountCluster();
  logged.length = 0;
  counted.length = 0;
  const log = (message: string): void => {
    logged.push(message);
  };
  const metrics: Metrics = {
    ...silentMetrics,
    increment(_, labels) {
      counted.push(Object.values(labels).join());
    },
  };
  const logger = { ...silentLogger, warn: log, info: log };
  review = new AccountReview({ cluster, logger, metrics });
});

const reviewed = () =>
  review.confirm('header.payload.signature', { ...EDITOR, userId: EDITOR_ID }, AUDIENCES);

function confirmed(of: ReviewedAccount) {
  if (of.kind !== 'confirmed') throw new Error(JSON.stringify(of));
  return of;
}

describe('a review of an account', () => {
  const { uid } = EDITOR;
  const username = EDITOR_ID;
  const audiences = AUDIENCES;

  it('confirms those of the audiences that the API server has found', async () => {
    expect(confirmed(await reviewed()).audiences).toEqual(AUDIENCES);
    const found = ['x', 'second'];
    cluster.outcome = { kind: 'authenticated', username, uid, audiences: found };
    expect(confirmed(await reviewed()).audiences).toEqual(['second']);
    expect(counted).toEqual(['authenticated', 'authenticated']);
  });

  it.each([
    ['another user', 'invalid_token', { username: 'system:admin', uid, audiences }],
    ['another uid', 'invalid_token', { username, uid: 'uid-2', audiences }],
    ['no uid', 'invalid_token', { username, uid: '', audiences }],
    ['no audience', 'token_audience', { username, uid, audiences: [] }],
    ['an audience that was not asked for', 'token_audience', { username, uid, audiences: ['x'] }],
  ])('is not enough where it names %s', async (_, reason, answer) => {
    cluster.outcome = { kind: 'authenticated', ...answer };
    expect(await reviewed()).toMatchObject({ kind: 'rejected', reason });
  });

  it('ends a token that the API server knows no more', async () => {
    cluster.outcome = { kind: 'unauthenticated', problem: 'has been invalidated' };
    expect(await reviewed()).toEqual({
      ...{ kind: 'rejected', reason: 'token_ended' },
      detail: 'the API server says: has been invalidated',
    });
  });

  it('that cannot be made is neither good nor bad, and is told once', async () => {
    cluster.state = 'down';
    for (let at = 0; at < 3; at++) expect(await reviewed()).toMatchObject(UNAVAILABLE);
    cluster.state = 'up';
    await reviewed();
    await reviewed();
    expect(logged).toEqual([
      'The API server cannot be asked about service-account tokens.',
      'The API server can be asked about service-account tokens again.',
    ]);
    expect(counted).toEqual([
      ...['unavailable', 'unavailable', 'unavailable'],
      ...['authenticated', 'authenticated'],
    ]);
  });
});

describe('an account that goes', () => {
  it('ends its tokens as soon as the watch shows it', async () => {
    const { ended } = confirmed(await reviewed());
    expect(ended()).toBeUndefined();
    cluster.replace(undefined);
    expect(ended()).toBeUndefined();
    cluster.catchUp();
    expect(ended()).toBe('token_ended');
  });

  it('ends its tokens although another one has its name', async () => {
    const { ended } = confirmed(await reviewed());
    cluster.replace('uid-2');
    cluster.catchUp();
    expect(ended()).toBe('token_ended');
  });

  it('ends nothing while the watch cannot be believed', async () => {
    const { ended } = confirmed(await reviewed());
    cluster.replace(undefined);
    cluster.catchUp();
    cluster.isWatchBelieved = false;
    expect(ended()).toBeUndefined();
    cluster.isWatchBelieved = true;
    expect(ended()).toBe('token_ended');
  });

  it('is refused although the API server still remembers its token', async () => {
    cluster.replace(undefined);
    cluster.catchUp();
    expect(await reviewed()).toMatchObject({ kind: 'rejected', reason: 'token_ended' });
    cluster.replace('uid-2');
    cluster.catchUp();
    expect(await reviewed()).toMatchObject({ kind: 'rejected', reason: 'token_ended' });
  });

  it('is neither taken nor refused where watch and review differ and nobody says who is right', async () => {
    cluster.watched.clear();
    cluster.storedServiceAccountUid = () => Promise.reject(new Error('timeout'));
    expect(await reviewed()).toMatchObject(UNAVAILABLE);
    expect(logged).toHaveLength(1);
  });
});

describe('an account that is new', () => {
  it('is taken before the watch shows it, and ends once the watch has and does so no more', async () => {
    cluster.watched.clear();
    const { ended } = confirmed(await reviewed());
    expect(ended()).toBeUndefined();
    cluster.catchUp();
    expect(ended()).toBeUndefined();
    cluster.watched.clear();
    expect(ended()).toBe('token_ended');
  });

  it('is taken while the watch still shows the one before it', async () => {
    cluster.watched.set('team-a/default-editor', 'uid-0');
    expect(confirmed(await reviewed()).ended()).toBeUndefined();
  });

  it('is taken while the watch cannot be believed', async () => {
    cluster.isWatchBelieved = false;
    cluster.watched.clear();
    expect(confirmed(await reviewed()).ended()).toBeUndefined();
  });
});
