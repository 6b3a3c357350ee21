const LEAD = 25; // frames of 20 ms before speech is noticed
const TAIL = 50; // frames after it, by which a service knows that the sentence is over
const MOST = 1500; // frames: 30 s
const WORDLESS = 100; // further frames without a transcript: it was no speech
const STALE = 1000; // the same while nobody listens

/**
 * The sound of what the person is saying, until the service has understood it. A chat that comes
 * after an outage, or takes over, is told the sentence from its beginning.
 */
export class Utterance {
  /** @type {ArrayBuffer[]} */
  #lead = [];
  /** @type {ArrayBuffer[]} */
  #kept = [];
  #speaking = false;
  #silent = 0;

  /** Speech begins or ends. @param {boolean} on */
  speech(on) {
    if (on) this.#kept.push(...this.#lead.splice(0));
    this.#speaking = on;
    this.#silent = 0;
  }

  /**
   * Takes a frame.
   *
   * @param {ArrayBuffer} frame
   * @param {boolean} heard Whether there is a chat that hears it.
   */
  push(frame, heard) {
    if (!this.#speaking) this.#silent += 1;
    const begun = this.#speaking || this.#kept.length > 0;
    if (begun && this.#silent <= TAIL) add(this.#kept, frame, MOST);
    else add(this.#lead, frame, LEAD);
    if (this.#silent > TAIL + (heard ? WORDLESS : STALE)) this.#kept = [];
  }

  /** The service has understood what was said so far, or nobody is to hear it any more. */
  understood() {
    this.#kept = [];
  }

  /** What a new chat must hear before what follows. */
  get frames() {
    return [...this.#kept];
  }
}

/** @param {ArrayBuffer[]} frames @param {ArrayBuffer} frame @param {number} most */
function add(frames, frame, most) {
  frames.push(frame);
  if (frames.length > most) frames.shift();
}
