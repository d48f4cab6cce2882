import { h } from "./dom.js";
import { icon } from "./icons.js";

// Shortcodes people and bots use most; others stay as they are written.
const NAMES = `smile 😄|smiley 😃|grinning 😀|slightly_smiling_face 🙂|wink 😉|blush 😊|joy 😂|sweat_smile 😅|thinking_face 🤔|neutral_face 😐|confused 😕|worried 😟|cry 😢|sob 😭|scream 😱|sleeping 😴|sunglasses 😎|partying_face 🥳|face_with_monocle 🧐|nerd_face 🤓|zipper_mouth_face 🤐|exploding_head 🤯|heart ❤️|green_heart 💚|blue_heart 💙|broken_heart 💔|+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|clap 👏|pray 🙏|raised_hands 🙌|wave 👋|point_right 👉|point_left 👈|point_up ☝️|point_down 👇|ok_hand 👌|muscle 💪|eyes 👀|handshake 🤝|writing_hand ✍️|raising_hand 🙋|shrug 🤷|facepalm 🤦|bust_in_silhouette 👤|busts_in_silhouette 👥|speech_balloon 💬|thought_balloon 💭|zzz 💤|fire 🔥|sparkles ✨|star ⭐|tada 🎉|rocket 🚀|boom 💥|100 💯|white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|heavy_multiplication_x ✖️|heavy_plus_sign ➕|heavy_minus_sign ➖|warning ⚠️|rotating_light 🚨|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|question ❓|grey_question ❔|exclamation ❗|bangbang ‼️|information_source ℹ️|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|lock 🔒|unlock 🔓|key 🔑|shield 🛡️|red_circle 🔴|large_red_circle 🔴|large_orange_circle 🟠|orange_circle 🟠|large_yellow_circle 🟡|yellow_circle 🟡|large_green_circle 🟢|green_circle 🟢|large_blue_circle 🔵|blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|red_square 🟥|large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨|large_green_square 🟩|large_blue_square 🟦|white_large_square ⬜|black_large_square ⬛|small_red_triangle 🔺|small_red_triangle_down 🔻|small_blue_diamond 🔹|small_orange_diamond 🔸|arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️|arrow_upper_right ↗️|arrow_lower_right ↘️|arrows_counterclockwise 🔄|repeat 🔁|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|clock1 🕐|clock3 🕒|clock9 🕘|alarm_clock ⏰|stopwatch ⏱️|timer_clock ⏲️|hourglass ⌛|hourglass_flowing_sand ⏳|watch ⌚|calendar 📆|date 📅|spiral_calendar_pad 🗓️|bar_chart 📊|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|chart 💹|moneybag 💰|money_with_wings 💸|dollar 💵|euro 💶|pound 💷|yen 💴|credit_card 💳|bank 🏦|receipt 🧾|scales ⚖️|coin 🪙|abacus 🧮|page_facing_up 📄|page_with_curl 📃|memo 📝|pencil 📝|pencil2 ✏️|clipboard 📋|file_folder 📁|open_file_folder 📂|file_cabinet 🗄️|card_index_dividers 🗂️|paperclip 📎|link 🔗|pushpin 📌|round_pushpin 📍|bookmark 🔖|mag 🔍|mag_right 🔎|email 📧|envelope ✉️|incoming_envelope 📨|inbox_tray 📥|outbox_tray 📤|package 📦|mailbox 📫|phone ☎️|telephone_receiver 📞|computer 💻|gear ⚙️|wrench 🔧|hammer_and_wrench 🛠️|toolbox 🧰|bulb 💡|electric_plug 🔌|satellite 🛰️|globe_with_meridians 🌐|ship 🚢|anchor ⚓|ocean 🌊|umbrella ☂️|sunny ☀️|cloud ☁️|rain_cloud 🌧️|zap ⚡|snowflake ❄️|construction 🚧|fire_engine 🚒|ambulance 🚑|ticket 🎫|dart 🎯|trophy 🏆|checkered_flag 🏁|triangular_flag_on_post 🚩|robot_face 🤖|ghost 👻|bug 🐛|seedling 🌱|coffee ☕|pizza 🍕|beers 🍻|sos 🆘|new 🆕|ok 🆗|up 🆙|cool 🆒|free 🆓|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|zero 0️⃣|keycap_ten 🔟|de 🇩🇪|us 🇺🇸|gb 🇬🇧|fr 🇫🇷|es 🇪🇸|it 🇮🇹|cn 🇨🇳|jp 🇯🇵|flag-eu 🇪🇺|flag-nl 🇳🇱|flag-se 🇸🇪|flag-pl 🇵🇱|flag-ch 🇨🇭|flag-in 🇮🇳|flag-br 🇧🇷`;
const EMOJI = new Map(NAMES.split("|").map((pair) => pair.split(" ")));


// Where the system has no colour emoji (servers, some Linux desktops), the ones that carry meaning are drawn another way.
const SIGNS = { white_check_mark: "✔", heavy_check_mark: "✔", ballot_box_with_check: "☑", x: "✘", no_entry: "⊘", no_entry_sign: "⊘", octagonal_sign: "⬣", star: "★", heart: "♥", hourglass: "⌛", hourglass_flowing_sand: "⌛", information_source: "ℹ", question: "?", exclamation: "!", envelope: "✉", email: "✉", phone: "☎", scales: "⚖", gear: "⚙", anchor: "⚓", sunny: "☀", cloud: "☁", umbrella: "☂", arrow_up: "↑", arrow_down: "↓", arrow_right: "→", arrow_left: "←", arrow_upper_right: "↗", arrow_lower_right: "↘", arrows_counterclockwise: "↻", repeat: "↻", chart_with_upwards_trend: "↗", chart_with_downwards_trend: "↘", small_red_triangle: "▲", small_red_triangle_down: "▼", euro: "€", dollar: "$", pound: "£", yen: "¥", pencil2: "✎", pencil: "✎", memo: "✎", checkered_flag: "⚑", triangular_flag_on_post: "⚑" };
const ICONS = { eyes: "eye", "+1": "thumb", thumbsup: "thumb", lock: "lock", speech_balloon: "reply", link: "shared", zap: "bolt", warning: "warning", rotating_light: "warning" };
const COLOURS = { red: "#d3493f", orange: "#e08a2c", yellow: "#e0b62c", green: "#3f9d63", blue: "#3f7fc4", purple: "#8d5fc0", white: "#e6ecee", black: "#2a3235" };
const GOOD = new Set(["white_check_mark", "heavy_check_mark"]);
const BAD = new Set(["x", "no_entry", "no_entry_sign", "octagonal_sign", "rotating_light", "small_red_triangle", "small_red_triangle_down"]);

/** An element for a shortcode; one nobody knows stays as it is written. */
export function emoji(name) {
  const character = EMOJI.get(name);
  if (!character) return `:${name}:`;
  return h("span", { class: `emoji${GOOD.has(name) ? " good" : BAD.has(name) ? " bad" : ""}`, role: "img", "aria-label": name, title: `:${name}:` }, inColour() ? character : drawn(name));
}

function drawn(name) {
  const shape = /(?:large_)?(red|orange|yellow|green|blue|purple|white|black)_(?:large_)?(circle|square)$/.exec(name);
  if (shape) return h("i", { class: `dot ${shape[2]}`, style: { background: COLOURS[shape[1]] } });
  return ICONS[name] ? icon(ICONS[name]) : SIGNS[name] ?? h("small", {}, name.replaceAll("_", " "));
}

let known = null;

/** Whether the system draws emoji in colour: a grinning face written in black shows some. */
function inColour() {
  if (known !== null) return known;
  const context = Object.assign(document.createElement("canvas"), { width: 20, height: 20 }).getContext("2d", { willReadFrequently: true });
  context.font = "16px 'Apple Color Emoji', 'Segoe UI Emoji', 'Noto Color Emoji', sans-serif";
  context.fillText("😀", 0, 16);
  const pixels = context.getImageData(0, 0, 20, 20).data;
  known = false;
  for (let n = 0; n < pixels.length; n += 4) if (pixels[n] !== pixels[n + 2]) known = true;
  return known;
}
