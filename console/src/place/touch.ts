/** Whether a finger points here, for which a row must be higher than for a mouse. */
export const isTouched: boolean = matchMedia('(pointer: coarse)').matches
