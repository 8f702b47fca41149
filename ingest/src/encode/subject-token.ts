/** Names of subjects from foreign texts: those who read by such a name make it in the same way. */
export {
  hasRoomForIdentity,
  identityToken,
  isWhole,
  subjectToken,
  subjectTokens,
  textSubject,
  valuesSubject,
  withIdentity,
} from '@weir/mesh/edge'
