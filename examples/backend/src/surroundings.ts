/** Where the mesh and the database of a service are, as its environment says. */
export interface Surroundings {
  readonly hubUrl: string
  readonly ingestUrl: string
  readonly readUrl: string
  /** Signs tokens. In production a private key, whose public half Weir reads (WEIR_JWKS_URL). */
  readonly jwtSecret: string
  readonly databaseUrl: string
  readonly port: number
}

/** Throws an Error that names every variable that is missing. */
export function surroundingsOf(env: Readonly<Record<string, string | undefined>>): Surroundings {
  const missing: string[] = []
  const given = (name: string, otherwise?: string): string => {
    const value = env[name] || otherwise
    if (value === undefined) missing.push(name)
    return value ?? ''
  }
  const found: Surroundings = {
    hubUrl: given('WEIR_HUB_URL', 'ws://127.0.0.1:8080'),
    ingestUrl: given('WEIR_INGEST_URL', 'http://127.0.0.1:8081'),
    readUrl: given('WEIR_PROJECTOR_URL', 'http://127.0.0.1:8082'),
    jwtSecret: given('WEIR_JWT_SECRET'),
    databaseUrl: given('DATABASE_URL'),
    port: Number(given('DEMO_PORT', '8120')),
  }
  if (missing.length > 0) throw new Error(`Set ${missing.join(' and ')}.`)
  return found
}
