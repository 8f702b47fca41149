import { optional, type Setting, setting } from './config.ts'
import { duration, list, oneOf, secret, share, text, url } from './config-parsers.ts'
import { limits } from './limits.ts'

/** From the most to the least severe; `silent` logs nothing. */
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** What every service is told: where NATS is, whose tokens count, how to log, how to stop. */
export const meshSettings: {
  readonly natsUrl: Setting<string>
  readonly natsCaFile: Setting<string | undefined>
  readonly natsCertFile: Setting<string | undefined>
  readonly natsKeyFile: Setting<string | undefined>
  readonly jwtSecret: Setting<string | undefined>
  readonly jwksUrl: Setting<string | undefined>
  readonly jwtIssuer: Setting<string>
  readonly jwtAudience: Setting<string>
  readonly tokenLifeMs: Setting<number>
  readonly logLevel: Setting<(typeof logLevels)[number]>
  readonly host: Setting<string>
  readonly tracesUrl: Setting<string | undefined>
  readonly tracesShare: Setting<number>
  readonly drainMs: Setting<number>
} = {
  natsUrl: setting(
    'WEIR_NATS_URL',
    natsUrls(),
    'nats://127.0.0.1:4222',
    'The NATS servers, comma-separated, with user and password in the first.',
  ),
  natsCaFile: optional(
    'WEIR_NATS_CA',
    text,
    'A file with the certificates (PEM) that may vouch for the NATS servers, instead of those of the system; TLS is then a must.',
  ),
  natsCertFile: optional(
    'WEIR_NATS_CERT',
    text,
    'A file with the certificate (PEM) that this service shows to NATS; read again at each connection. WEIR_NATS_KEY goes with it.',
  ),
  natsKeyFile: optional('WEIR_NATS_KEY', text, 'The file of the key of that certificate.'),
  jwtSecret: optional(
    'WEIR_JWT_SECRET',
    secret(limits.jwtSecretBytesMin),
    'The HS256 secret of tokens, for development. Set this or WEIR_JWKS_URL, not both.',
  ),
  jwksUrl: optional('WEIR_JWKS_URL', url, 'Where the public keys of tokens are (RS256, ES256, EdDSA).'),
  jwtIssuer: setting('WEIR_JWT_ISSUER', text, 'weir', 'The `iss` that a token must have.'),
  jwtAudience: setting('WEIR_JWT_AUDIENCE', text, 'weir', 'The `aud` that a token must have.'),
  tokenLifeMs: setting(
    'WEIR_TOKEN_LIFE_SECONDS',
    duration,
    limits.tokenLifeMs,
    'How far ahead the `exp` of a token may lie; a token that lives longer is refused.',
  ),
  logLevel: setting('WEIR_LOG_LEVEL', oneOf(...logLevels), 'info', 'The least severe level that is logged.'),
  host: setting('WEIR_HOST', text, '127.0.0.1', 'The address to listen on; 0.0.0.0 or :: for every one.'),
  tracesUrl: optional(
    'WEIR_TRACES_URL',
    url,
    'Where spans are sent by OTLP over HTTP, as http://collector:4318/v1/traces; none are made without it.',
  ),
  tracesShare: setting(
    'WEIR_TRACES_SHARE',
    share,
    0,
    'The share of requests without a traceparent that begin a trace; those with one follow its sampled flag.',
  ),
  drainMs: setting(
    'WEIR_DRAIN_SECONDS',
    duration,
    10_000,
    'How long a service that is told to stop may finish what it began, before it exits with 1.',
  ),
}

function natsUrls(): typeof url {
  return {
    form: 'a comma-separated list of nats:// URLs',
    parse(value) {
      for (const item of list.parse(value)) {
        if (!/^(nats|tls):\/\//.test(url.parse(item))) throw new Error('each begins with nats:// or tls://')
      }
      return value
    },
  }
}
