import { BuiltinFailure } from './builtin.ts';
import { daysIn, MONTHS, NANOSECONDS, secondsOf, WEEKDAYS } from './civil-time.ts';
import { isFraction, layoutParts } from './go-layout.ts';

/** Nanoseconds since the epoch of a text that follows a layout, as Go's `time.Parse` reads it on a machine in UTC. */
export function parseTime(layout: string, text: string): bigint {
  const reader = new TimeReader(text);
  const parts = layoutParts(layout);
  for (const [place, { literal, element }] of parts.entries()) {
    reader.skip(literal);
    if (element === '') break;
    reader.read(element, parts[place + 1]);
  }
  return reader.end();
}

interface NextPart {
  readonly literal: string;
  readonly element: string;
}

function mismatch(): BuiltinFailure {
  return new BuiltinFailure('the text does not follow the layout');
}

function outOfRange(what: string): BuiltinFailure {
  return new BuiltinFailure(`${what} is out of range`);
}

class TimeReader {
  #rest: string;
  #year = 0;
  #month = -1;
  #day = -1;
  #dayOfYear = -1;
  #hour = 0;
  #minute = 0;
  #second = 0;
  #nanosecond = 0;
  #half: 'am' | 'pm' | '' = '';
  #offsetSeconds = 0;

  constructor(text: string) {
    this.#rest = text;
  }

  /** Literal text; one space of it stands for any number. */
  skip(literal: string): void {
    for (const run of literal.match(/ +|[^ ]+/g) ?? []) {
      if (!run.startsWith(' ')) this.#take(run);
      else if (this.#rest !== '' && !this.#rest.startsWith(' ')) throw mismatch();
      else this.#rest = this.#rest.replace(/^ +/, '');
    }
  }

  read(element: string, next: NextPart | undefined): void {
    if (isFraction(element)) return this.#readFraction(element);
    if (element.startsWith('Z') || element.startsWith('-')) return this.#readOffset(element);
    switch (element) {
      case '05':
      case '5':
        return this.#readSecond(element, next);
      case 'MST':
        return this.#readZone();
      case 'PM':
      case 'pm':
        return this.#readHalf(element);
      default:
        return this.#readDatePart(element);
    }
  }

  end(): bigint {
    if (this.#rest !== '') throw mismatch();
    if (this.#half === 'pm' && this.#hour < 12) this.#hour += 12;
    if (this.#half === 'am' && this.#hour === 12) this.#hour = 0;
    if (this.#dayOfYear >= 0) this.#settleDayOfYear();
    const [month, day] = [this.#month < 0 ? 1 : this.#month, this.#day < 0 ? 1 : this.#day];
    if (day < 1 || day > daysIn(this.#year, month)) throw outOfRange('the day');
    const seconds = secondsOf({
      year: this.#year,
      month,
      day,
      hour: this.#hour,
      minute: this.#minute,
      second: this.#second,
      nanosecond: 0,
    });
    return BigInt(seconds - this.#offsetSeconds) * NANOSECONDS + BigInt(this.#nanosecond);
  }

  #readDatePart(element: string): void {
    switch (element) {
      case '2006':
        this.#year = this.#number(/^\d{4}/);
        return;
      case '06': {
        const year = this.#number(/^[0-9+-]\d/);
        this.#year = year + (year >= 69 ? 1900 : 2000);
        return;
      }
      case 'January':
      case 'Jan':
        this.#month = this.#name(MONTHS, element.length) + 1;
        return;
      case '1':
      case '01':
        this.#month = this.#upToTwo(element === '01');
        if (this.#month < 1 || this.#month > 12) throw outOfRange('the month');
        return;
      case 'Monday':
      case 'Mon':
        this.#name(WEEKDAYS, element.length);
        return;
      case '_2':
      case '2':
      case '02':
        if (element === '_2') this.#skipSpaces(1);
        this.#day = this.#upToTwo(element === '02');
        return;
      default:
        this.#readClockPart(element);
    }
  }

  #readClockPart(element: string): void {
    switch (element) {
      case '__2':
      case '002':
        if (element === '__2') this.#skipSpaces(2);
        this.#dayOfYear = this.#number(element === '002' ? /^\d{3}/ : /^\d{1,3}/);
        return;
      case '15':
        this.#hour = this.#upToTwo(false);
        if (this.#hour > 23) throw outOfRange('the hour');
        return;
      case '3':
      case '03':
        this.#hour = this.#upToTwo(element === '03');
        if (this.#hour > 12) throw outOfRange('the hour');
        return;
      case '4':
      case '04':
        this.#minute = this.#upToTwo(element === '04');
        if (this.#minute > 59) throw outOfRange('the minute');
        return;
      default:
        throw mismatch();
    }
  }

  /** A fraction may follow the seconds even where the layout has none. */
  #readSecond(element: string, next: NextPart | undefined): void {
    this.#second = this.#upToTwo(element === '05');
    if (this.#second > 59) throw outOfRange('the second');
    if (next !== undefined && isFraction(next.element)) return;
    const fraction = /^[.,](\d+)/.exec(this.#rest);
    if (fraction === null) return;
    this.#rest = this.#rest.slice(fraction[0].length);
    this.#nanosecond = nanosecondsOf(fraction[1] ?? '');
  }

  #readFraction(element: string): void {
    const isExact = element.charAt(1) === '0';
    const digits = element.length - 1;
    const found = (isExact ? new RegExp(`^[.,](\\d{${digits}})`) : /^[.,](\d+)/).exec(this.#rest);
    if (found === null && isExact) throw mismatch();
    if (found === null) return;
    this.#rest = this.#rest.slice(found[0].length);
    this.#nanosecond = nanosecondsOf(found[1] ?? '');
  }

  #readHalf(element: 'PM' | 'pm'): void {
    const text = this.#rest.slice(0, 2);
    const isRightCase = element === 'PM' ? text.toUpperCase() === text : text.toLowerCase() === text;
    const half = text.toLowerCase();
    if (!isRightCase || (half !== 'am' && half !== 'pm')) throw mismatch();
    this.#half = half;
    this.#rest = this.#rest.slice(2);
  }

  #readOffset(element: string): void {
    if (element.startsWith('Z') && this.#rest.startsWith('Z')) {
      this.#rest = this.#rest.slice(1);
      return;
    }
    const pattern = element.slice(1).replace(/0[07]/g, '(\\d\\d)');
    const found = new RegExp(`^([+-])${pattern}`).exec(this.#rest);
    if (found === null) throw mismatch();
    const [hours = 0, minutes = 0, seconds = 0] = found.slice(2).map(Number);
    if (hours > 24 || minutes > 60 || seconds > 60) throw outOfRange('the time zone offset');
    this.#offsetSeconds = (found[1] === '-' ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds);
    this.#rest = this.#rest.slice(found[0].length);
  }

  /** An abbreviation says its offset only as `GMT+3`; any other counts as UTC, as it does for Go on such a machine. */
  #readZone(): void {
    const found = /^(?:UTC|ChST|MeST|GMT([+-]\d+)?|([+-])(\d+))/.exec(this.#rest) ?? ABBREVIATION.exec(this.#rest);
    if (found === null) throw mismatch();
    const [text, ofGreenwich, , hours] = found;
    const isTooLarge = Number(ofGreenwich ?? 0) > 23 || Number(ofGreenwich ?? 0) < -23;
    if (Number(hours ?? 0) > 23) throw mismatch();
    if (ofGreenwich !== undefined && !isTooLarge) this.#offsetSeconds = Number(ofGreenwich) * 3600;
    this.#rest = this.#rest.slice(isTooLarge ? 'GMT'.length : text.length);
  }

  #settleDayOfYear(): void {
    const isLeap = daysIn(this.#year, 2) === 29;
    if (this.#dayOfYear < 1 || this.#dayOfYear > (isLeap ? 366 : 365)) throw outOfRange('the day of the year');
    let [month, day] = [1, this.#dayOfYear];
    while (day > daysIn(this.#year, month)) {
      day -= daysIn(this.#year, month);
      month += 1;
    }
    if (this.#month >= 0 && this.#month !== month) throw outOfRange('the month of the day');
    if (this.#day >= 0 && this.#day !== day) throw outOfRange('the day');
    [this.#month, this.#day] = [month, day];
  }

  #take(text: string): void {
    if (!this.#rest.startsWith(text)) throw mismatch();
    this.#rest = this.#rest.slice(text.length);
  }

  #skipSpaces(most: number): void {
    for (let left = most; left > 0 && this.#rest.startsWith(' '); left -= 1) this.#rest = this.#rest.slice(1);
  }

  #number(pattern: RegExp): number {
    const found = pattern.exec(this.#rest)?.[0];
    if (found === undefined) throw mismatch();
    this.#rest = this.#rest.slice(found.length);
    return Number(found);
  }

  #upToTwo(isFixed: boolean): number {
    return this.#number(isFixed ? /^\d\d/ : /^\d\d?/);
  }

  /** Which of the names stands here, whatever its case; in full, or its first three letters. */
  #name(names: readonly string[], elementLength: number): number {
    const short = elementLength === 3;
    const wanted = names.map((name) => (short ? name.slice(0, 3) : name).toLowerCase());
    const index = wanted.findIndex((name) => this.#rest.slice(0, name.length).toLowerCase() === name);
    if (index === -1) throw mismatch();
    this.#rest = this.#rest.slice(wanted[index]?.length ?? 0);
    return index;
  }
}

/** Three capitals, four that end in T (or WITA), five that end in T; not six. */
const ABBREVIATION = /^(?:[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z]))/;

function nanosecondsOf(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}
