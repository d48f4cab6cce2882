// What everything drawn needs to know of the workspace: people, groups, channels, and whose eyes we look through.

/** The world as `me` sees it. `openChannel` follows a mention of a channel. */
export class World {
  constructor(facts, { openChannel }) {
    Object.assign(this, facts);
    this.openChannel = openChannel;
    this.me = null;
    this.seen = null;
  }

  /** The viewer's time zone. */
  get zone() {
    return this.users[this.me]?.tz ?? "UTC";
  }

  isStranger(id) {
    return this.users[id]?.is_stranger ?? false;
  }

  /** The name of a person's organisation. */
  teamOf(id) {
    return this.teams[this.users[id]?.team_id] ?? "";
  }

  myChannels() {
    return this.seen.channels;
  }

  channelName(id) {
    return this.seen.channels.find((channel) => channel.id === id)?.name ?? this.channels[id] ?? null;
  }

  /** The people of the channel looked at, who may be named with an @. */
  mentionable() {
    const channel = this.seen.channels.find((one) => one.id === this.seen.channel);
    return (channel?.members ?? [this.app.user]).map((id) => this.users[id]);
  }
}
