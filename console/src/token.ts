const key = 'weir.token'

/**
 * The token of this tab: from the fragment of the address, which no server sees and which is cleared at once so that it is
 * neither copied nor kept in the history; otherwise what was given before. Undefined when the person has to be asked.
 */
export function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return sessionStorage.getItem(key) ?? undefined
  keepToken(token)
  history.replaceState(null, '', location.pathname + location.search)
  return token
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token)
}

export function forgetToken(): void {
  sessionStorage.removeItem(key)
}
