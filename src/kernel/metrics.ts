// Owns the one table of metrics and the interface through which rooms report them.
// docs/metrics.md is generated from it; labels are low-cardinality by construction.

interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

export const metricTable = {
  kfgw_decisions_total: {
    type: 'counter',
    help: 'Decisions by door, outcome and reason code.',
    labels: ['door', 'outcome', 'reason'],
  },
  kfgw_managed_headers_removed_total: {
    type: 'counter',
    help: 'Identity headers that a client sent and the gateway removed, by header.',
    labels: ['header'],
  },
  kfgw_requests_refused_total: {
    type: 'counter',
    help: 'Requests refused by request hygiene, by reason code.',
    labels: ['reason'],
  },
  kfgw_groups_dropped_total: {
    type: 'counter',
    help: 'Groups dropped because their name breaks a rule.',
    labels: [],
  },
  kfgw_logins_total: {
    type: 'counter',
    help: 'Sign-ins by result: success or the reason code of the refusal.',
    labels: ['result'],
  },
  kfgw_refreshes_total: {
    type: 'counter',
    help: 'Refreshes of claims by result: refreshed, unchanged, ended, failed or superseded.',
    labels: ['result'],
  },
  kfgw_sessions_ended_total: {
    type: 'counter',
    help: 'Sessions ended by this replica, by reason code.',
    labels: ['reason'],
  },
  kfgw_tokens_created_total: {
    type: 'counter',
    help: 'Tokens that people made here, by kind: personal or login (of the command line).',
    labels: ['kind'],
  },
  kfgw_tokens_ended_total: {
    type: 'counter',
    help: 'Tokens that people made here and that this replica ended, by reason code.',
    labels: ['reason'],
  },
  kfgw_session_cache_entries: {
    type: 'gauge',
    help: 'Sessions held in the in-process cache.',
    labels: [],
  },
  kfgw_token_verifications_total: {
    type: 'counter',
    help: 'Bearer tokens that were verified because they were not in the cache (occasion first) or no longer fresh (again), by result: verified or the reason code.',
    labels: ['occasion', 'result'],
  },
  kfgw_token_cache_entries: {
    type: 'gauge',
    help: 'Bearer tokens that this replica remembers, by kind: known or refused.',
    labels: ['kind'],
  },
  kfgw_tokens_limited_total: {
    type: 'counter',
    help: 'Requests with an unknown bearer token that were refused because their client sent too many.',
    labels: [],
  },
  kfgw_store_operations_total: {
    type: 'counter',
    help: 'Session store operations by operation and result: ok or failed.',
    labels: ['operation', 'result'],
  },
  kfgw_store_up: {
    type: 'gauge',
    help: '1 while the session store answers, else 0.',
    labels: [],
  },
  kfgw_revocation_channel_up: {
    type: 'gauge',
    help: "1 while this replica's own heartbeats arrive through the revocation channel, else 0.",
    labels: [],
  },
  kfgw_revocation_messages_ignored_total: {
    type: 'counter',
    help: 'Messages in the revocation channel that no replica of this release wrote.',
    labels: [],
  },
  kfgw_provider_up: {
    type: 'gauge',
    help: '1 while the identity provider answers, else 0.',
    labels: [],
  },
  kfgw_token_key_fetches_total: {
    type: 'counter',
    help: 'Questions for the keys of a token issuer, by result: ok or failed.',
    labels: ['issuer', 'result'],
  },
  kfgw_live_connections: {
    type: 'gauge',
    help: 'Open WebSockets and streams that are decided again on every change.',
    labels: ['kind'],
  },
  kfgw_live_connections_closed_total: {
    type: 'counter',
    help: 'Live connections that the gateway closed, by reason code.',
    labels: ['reason'],
  },
  kfgw_catalogue_rows: {
    type: 'gauge',
    help: 'Rows of the route catalogue in force by what they demand: public, authenticated, questions, inspect or deny.',
    labels: ['demand'],
  },
  kfgw_unmatched_requests_total: {
    type: 'counter',
    help: 'Requests that no row of the route catalogue names.',
    labels: [],
  },
  kfgw_shadowed_refusals_total: {
    type: 'counter',
    help: 'Requests that were forwarded only because access.mode is shadow, by reason code.',
    labels: ['reason'],
  },
  kfgw_rbac_state: {
    type: 'gauge',
    help: '1 for the state that the RBAC index is in (loading, current, degraded or expired), else 0.',
    labels: ['state'],
  },
  kfgw_rbac_objects: {
    type: 'gauge',
    help: 'Objects that the API server has, by type.',
    labels: ['type'],
  },
  kfgw_rbac_staleness_seconds: {
    type: 'gauge',
    help: 'Seconds since the index was last proved to be up to date, by type; -1 before the first load.',
    labels: ['type'],
  },
  kfgw_rbac_relists_total: {
    type: 'counter',
    help: 'Complete loads, by type and why: first, gone (the API server no longer knew the changes since), absent (the type was not installed), or a fault.',
    labels: ['type', 'reason'],
  },
  kfgw_rbac_watch_events_total: {
    type: 'counter',
    help: 'Changes of objects that the API server told, by type.',
    labels: ['type'],
  },
  kfgw_rbac_stream_faults_total: {
    type: 'counter',
    help: 'Loads and watches that failed, by type and cause.',
    labels: ['type', 'reason'],
  },
  kfgw_rbac_unreadable_objects_total: {
    type: 'counter',
    help: 'Objects of the API server that could not be read and therefore grant nothing, by type.',
    labels: ['type'],
  },
  kfgw_rbac_canary_seconds: {
    type: 'histogram',
    help: 'Seconds from an own change of the canary RoleBinding to seeing it in the watch.',
    labels: [],
  },
  kfgw_rbac_reviews_total: {
    type: 'counter',
    help: 'Decisions asked again as SubjectAccessReview, by result: ok, differs, conditional, failed or dropped.',
    labels: ['result'],
  },
  kfgw_rbac_review_differences_total: {
    type: 'counter',
    help: 'Decisions of which the API server still said otherwise seconds later, by what the index said: allowed or denied.',
    labels: ['index'],
  },
  kfgw_token_reviews_total: {
    type: 'counter',
    help: 'Service-account tokens put before the API server (TokenReview), by result: authenticated, unauthenticated or unavailable.',
    labels: ['result'],
  },
  kfgw_token_grants_total: {
    type: 'counter',
    help: 'What programs showed for a login, by grant (code, device or refresh) and result: issued or the error of RFC 6749 and RFC 8628.',
    labels: ['grant', 'result'],
  },
  kfgw_upstream_errors_total: {
    type: 'counter',
    help: 'Failures towards applications, by reason code.',
    labels: ['reason'],
  },
  kfgw_log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines dropped because the log output was blocked.',
    labels: [],
  },
  kfgw_signing_keys: {
    type: 'gauge',
    help: 'Session JWT keys by state: published, signing or retired.',
    labels: ['state'],
  },
  kfgw_reload_failures_total: {
    type: 'counter',
    help: 'Files that could not be reloaded; the last good state stays in force.',
    labels: ['file'],
  },
  kfgw_upstream_request_seconds: {
    type: 'histogram',
    help: 'Seconds until the first byte of an application answer.',
    labels: [],
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metricTable;
type NamesOf<T extends Metric['type']> = {
  [N in MetricName]: (typeof metricTable)[N]['type'] extends T ? N : never;
}[MetricName];
type LabelsOf<N extends MetricName> = Readonly<
  Record<(typeof metricTable)[N]['labels'][number], string>
>;

export interface Metrics {
  /** Adds `by` (default 1) to a counter. */
  increment<N extends NamesOf<'counter'>>(name: N, labels: LabelsOf<N>, by?: number): void;
  /** Sets a gauge. */
  set<N extends NamesOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Records one observation, in the unit that the metric's name ends with. */
  observe<N extends NamesOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void;
}

/** For tests, and for commands, which nobody scrapes. */
export const silentMetrics: Metrics = {
  increment: () => undefined,
  set: () => undefined,
  observe: () => undefined,
};
