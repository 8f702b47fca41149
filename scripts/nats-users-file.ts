import { renderNatsUsers } from '../mesh/src/index.ts'

/**
 * deploy/nats/users.conf: the users of NATS with what each may do, from what the services
 * themselves declare.
 */
export function natsUsersFile(): string {
  return [
    '# Written by `make gen` from mesh/src/streams/permissions.ts. Passwords come from the environment of',
    '# nats-server: use letters and digits that begin with a letter, for a password of digits alone would',
    '# be read as a number.',
    '',
    renderNatsUsers((role) => `$WEIR_NATS_PASSWORD_${role.toUpperCase()}`),
  ].join('\n')
}

/**
 * deploy/nats/relay-users.conf: the same at a relay, which sends what is asked of JetStream to the
 * domain of the centre, and looks at permissions after that.
 */
export function relayUsersFile(): string {
  return natsUsersFile().replaceAll('"$JS.API.', '"$JS.centre.API.')
}
