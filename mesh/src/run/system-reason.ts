/**
 * Why the operating system refused something, in its own words and no more: `no such file or
 * directory` of `ENOENT: no such file or directory, open '/etc/weir.yaml'`. Whoever says it has
 * named the file already. The message of any other error.
 */
export function systemReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return /^E[A-Z0-9]+: (.+), \w+(?: '.*')?$/s.exec(cause.message)?.[1] ?? cause.message
}
