import process from 'node:process'
import { createEdgeIngest, type EdgeIngest } from '@weir/ingest/edge'

/** Ingest from the environment. Ends the process with a sentence where that lacks what it needs. */
export function edgeIngest(): EdgeIngest {
  const { WEIR_NATS_URL, WEIR_JWKS_URL, WEIR_JWT_SECRET, WEIR_JWT_ISSUER, WEIR_JWT_AUDIENCE } = process.env
  try {
    return createEdgeIngest({
      natsUrl: WEIR_NATS_URL ?? '',
      jwksUrl: WEIR_JWKS_URL,
      jwtSecret: WEIR_JWT_SECRET,
      jwtIssuer: WEIR_JWT_ISSUER ?? 'weir',
      jwtAudience: WEIR_JWT_AUDIENCE ?? 'weir',
    })
  } catch (fault) {
    console.error(fault instanceof Error ? fault.message : fault)
    process.exit(1)
  }
}
