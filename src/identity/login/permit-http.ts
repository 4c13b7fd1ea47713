// Owns the permission to ask an authorization server over plain http.
import { allowInsecureRequests, type Configuration } from 'openid-client';

// Marked as deprecated only to stand out: for what is named insecure, and for what stays on one machine.
// eslint-disable-next-line @typescript-eslint/no-deprecated
export const permitHttp: (configuration: Configuration) => void = allowInsecureRequests;
