/** docs/config.md: every setting of every service, from the declarations that the services themselves read. */
export function configDocument(): string {
  return ''
}
