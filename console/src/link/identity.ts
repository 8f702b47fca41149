/**
 * Who a token speaks for, as the token itself says. The servers check it; the page merely reads it.
 */
export interface Identity {
  readonly subject: string
  readonly tenant: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly admin: boolean
  /** Milliseconds since the Unix epoch; undefined when it never ends. */
  readonly endsAtMs: number | undefined
}

/** Undefined for what is no JWT. */
export function identityOf(token: string): Identity | undefined {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Claims
    const { weir = {}, sub, exp } = claims
    return {
      subject: sub ?? '',
      tenant: weir.tenant ?? 'main',
      publish: filled(weir.publish, sub),
      subscribe: filled(weir.subscribe, sub),
      admin: weir.admin === true,
      endsAtMs: typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined,
    }
  } catch {
    return undefined
  }
}

/**
 * Whether somebody may publish something under a first token, such as `alerts`: enough to show a
 * button, as the servers check the subject itself.
 */
export function mayPublish(identity: Identity | undefined, first: string): boolean {
  return identity?.publish.some((grant) => ['>', '*', first].includes(grant.split('.')[0] ?? '')) ?? false
}

interface Claims {
  readonly sub?: string
  readonly exp?: unknown
  readonly weir?: { tenant?: string; publish?: unknown; subscribe?: unknown; admin?: unknown }
}

/** In a grant `{sub}` stands for the name of the token. */
function filled(grants: unknown, sub = ''): readonly string[] {
  if (!Array.isArray(grants)) return []
  return grants.filter((each) => typeof each === 'string').map((each) => each.replaceAll('{sub}', sub))
}
