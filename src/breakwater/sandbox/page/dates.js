// Times as the acting person reads them, in their own time zone.

/** "10:32" */
export function clock(seconds, zone, { withSeconds = false } = {}) {
  return format(seconds, zone, { hour: "2-digit", minute: "2-digit", ...(withSeconds ? { second: "2-digit" } : {}), hourCycle: "h23" });
}

/** "Tuesday, 24 November", or Today and Yesterday where they fit. */
export function day(seconds, zone) {
  return nearby(seconds, zone) ?? format(seconds, zone, { weekday: "long", day: "numeric", month: "long" });
}

/** The whole moment, for a tooltip. */
export function moment(seconds, zone) {
  return `${format(seconds, zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" })} at ${clock(seconds, zone, { withSeconds: true })}`;
}

/** The day in a zone, as 2026-11-24. */
export function dayKey(seconds, zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(seconds * 1000);
}

function format(seconds, zone, options) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(seconds * 1000);
}

function nearby(seconds, zone, names = ["Today", "Yesterday"]) {
  const now = Date.now() / 1000;
  if (dayKey(seconds, zone) === dayKey(now, zone)) return names[0];
  return dayKey(seconds, zone) === dayKey(now - 86400, zone) ? names[1] : null;
}

function ago(seconds) {
  const passed = Math.round(Date.now() / 1000 - seconds);
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([one]) => Math.abs(passed) >= one) ?? [1, "second"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.trunc(passed / size), unit);
}

/** Fill Slack's date tokens, as in "{date_short} at {time}". */
export function fill(pattern, seconds, zone) {
  const long = { day: "numeric", month: "long", year: "numeric" };
  const short = { day: "numeric", month: "short", year: "numeric" };
  const pretty = (options) => nearby(seconds, zone, ["today", "yesterday"]) ?? format(seconds, zone, options);
  const known = {
    date_num: () => dayKey(seconds, zone),
    date: () => format(seconds, zone, long),
    date_short: () => format(seconds, zone, short),
    date_long: () => format(seconds, zone, { weekday: "long", ...long }),
    date_pretty: () => pretty(long),
    date_short_pretty: () => pretty(short),
    date_long_pretty: () => pretty({ weekday: "long", ...long }),
    day_divider_pretty: () => pretty({ weekday: "long", day: "numeric", month: "long" }),
    time: () => clock(seconds, zone),
    time_secs: () => clock(seconds, zone, { withSeconds: true }),
    ago: () => ago(seconds),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => known[name]?.() ?? whole);
}
