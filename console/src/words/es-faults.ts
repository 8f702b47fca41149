/** What the codes of errors say, in Spanish; the mesh's own sentences are English. */
export const esFaults: Readonly<Record<string, string>> = {
  malformed: 'Esto no se entiende.',
  invalid: 'Esto no vale.',
  unauthenticated: 'Este token no sirve.',
  token_expired: 'El token ha terminado.',
  revoked: 'Se retiró el acceso de este token.',
  forbidden: 'Su token no permite esto.',
  conflict: 'Alguien lo cambió mientras tanto.',
  too_large: 'Es demasiado grande.',
  not_found: 'Esto no existe.',
  rate_limited: 'Demasiadas preguntas por ahora.',
  overloaded: 'Hay demasiado trabajo por ahora.',
  unavailable: 'No disponible por ahora.',
  internal: 'Algo falló en el servidor.',
}
