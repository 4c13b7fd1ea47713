// Owns the canonical request target: parsed once, judged as parsed, forwarded as `raw`.

/** An origin-form target (RFC 9112 section 3.2.1) that passed every rule of `parseTarget`. */
export interface Target {
  /** Path and query exactly as received; this and nothing else is forwarded. */
  readonly raw: string;
  /** The path as received, without the query. */
  readonly path: string;
  /** The query as received, without "?"; undefined when there is no "?". */
  readonly query: string | undefined;
  /** Path segments as received; `/a/b/` is `['a', 'b', '']`. */
  readonly segments: readonly string[];
  /** The same segments percent-decoded once, for judging only. */
  readonly decodedSegments: readonly string[];
}
