// Owns the rules of request hygiene, compiled once at start.
import { HeaderTable } from './header-traits.ts';
import { AddressRanges } from './ip-address.ts';
import { ALWAYS_MANAGED_HEADERS, compileManagedHeaders } from './managed-headers.ts';
import type { OwnCookies } from './own-cookies.ts';

export interface RequestLimits {
  /** Bytes of the request target. Above: 414. */
  readonly urlBytes: number;
  /** Header lines. Above: 431, as for the limits below. */
  readonly headerCount: number;
  /** Bytes of all header names and values together. */
  readonly headerBytes: number;
  /** Cookies in all Cookie lines together. */
  readonly cookieCount: number;
  /** Bytes of all Cookie lines together. */
  readonly cookieBytes: number;
}

export interface HygieneOptions {
  readonly ownCookies: OwnCookies;
  /** Serialised origins (`https://kubeflow.example.com`); none means that every Host is ours. */
  readonly publicOrigins: readonly string[];
  /** Names and prefixes (`x-remote-*`) of identity headers; what the gateway itself sets is added. */
  readonly managedHeaders: readonly string[];
  /** CIDRs of proxies whose Forwarded and X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
  readonly limits: RequestLimits;
}

export interface Hygiene {
  readonly ownCookies: OwnCookies;
  readonly publicOrigins: readonly string[];
  readonly headers: HeaderTable;
  readonly trustedProxies: AddressRanges;
  readonly limits: RequestLimits;
}

/** Throws a RangeError for a header name or CIDR that is not one. */
export function compileHygiene(options: HygieneOptions): Hygiene {
  const managed = [...ALWAYS_MANAGED_HEADERS, ...options.managedHeaders];
  return {
    ownCookies: options.ownCookies,
    publicOrigins: options.publicOrigins,
    headers: new HeaderTable(compileManagedHeaders(managed)),
    trustedProxies: new AddressRanges(options.trustedProxies),
    limits: options.limits,
  };
}
