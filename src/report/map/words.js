// Words of the page in Chinese and English, and the one way in which text reaches the screen: as text.

/** What the page says, by key: Chinese, English. `{0}` is filled in. */
const WORDS = {
  title: ["线索图", "Map of leads"], skip: ["跳到线索列表", "Skip to the list of leads"], tools: ["工具", "Tools"],
  language: ["语言", "Language"], leads: ["线索", "Leads"], search: ["搜索", "Search"],
  search_place: ["编号、红线、说明……", "Id, red line, note …"], filters: ["筛选", "Filter"], sort: ["排序", "Order"],
  by_rank: ["按排序", "by rank"], by_area: ["按面积", "by area"], by_confidence: ["按置信度", "by confidence"],
  by_first: ["按首次发现", "by first seen, latest first"], by_near: ["按距图中心远近", "by distance from the middle of the map"],
  map: ["地图", "Map"], map_keys: ["地图。方向键平移,加减号缩放。", "Map. Arrow keys move it, plus and minus zoom."],
  swipe: ["前后时相对比:左为前,右为后", "Before on the left, after on the right"],
  swipe_now: ["前时相占 {0} %", "{0} % before"], zoom: ["缩放", "Zoom"], zoom_in: ["放大", "Zoom in"],
  zoom_out: ["缩小", "Zoom out"], zoom_all: ["显示全部线索", "Show all leads"], layers: ["图层", "Layers"],
  time: ["首次发现时间", "First seen"], details: ["线索详情", "The lead"], about: ["说明", "About"], close: ["关闭", "Close"],
  distance: ["量距离", "Distance"], distance_help: ["在图上点选量距离(椭球面)", "Click on the map to measure a distance on the ellipsoid"],
  area_tool: ["量面积", "Area"], area_help: ["在图上点选量面积(椭球面)", "Click on the map to measure an area on the ellipsoid"],
  link: ["复制链接", "Copy link"], link_help: ["复制指向当前画面的链接", "Copy a link to what is shown now"],
  link_copied: ["链接已复制", "Link copied"], link_shown: ["链接在地址栏中", "The link stands in the address bar"],
  print: ["打印", "Print"], print_help: ["打印前后影像图与列表,或所选线索", "Print the maps before and after with the list, or the chosen lead"],
  count: ["显示 {0} / {1} 条", "{0} of {1} shown"], none: ["没有符合条件的线索。", "No lead fits."],
  none_at_all: ["本图没有线索。缺测 {0} 处:该处未能判断,并非“无变化”,见图层。", "There is no lead here. In {0} gaps nothing could be told, which is not \"no change\": see the layers."],
  reset: ["清除筛选", "Clear the filter"], model: ["子模型", "Sub-model"], status: ["影像状态", "Status"],
  state: ["办理状态", "State of the case"], class: ["红线类别", "Red line class"], redline: ["红线", "Red line"],
  verdict: ["与面积规则比较", "Against the area rule"], confidence: ["置信度", "Confidence"],
  confidence_least: ["置信度不低于", "Confidence at least"], area: ["面积", "Area"], area_range: ["面积(亩)", "Area (mu)"],
  first_seen: ["首次发现", "First seen"], from: ["从", "from"], to: ["至", "to"], any: ["不限", "any"], nothing: ["未涉及", "none"],
  before: ["前时相", "Before"], after: ["后时相", "After"], picture_before: ["前时相图片 {0}", "Picture before, {0}"],
  picture_after: ["后时相图片 {0}", "Picture after, {0}"], no_pictures: ["没有图片。", "No pictures."],
  enlarge: ["放大图片", "Enlarge the picture"], mu: ["亩", "mu"], m2: ["平方米", "m²"], km2: ["平方公里", "km²"], ha: ["公顷", "ha"],
  length: ["长度", "Length"], redlines: ["涉及红线", "Red lines"], overlap: ["压占", "Overlap"], name: ["名称", "Name"],
  layer: ["图层", "Layer"], version: ["版本", "version"], limits: ["面积规则算术", "Area rules, as arithmetic"],
  limit: ["规则面积", "Limit"], compared: ["参与比较的面积", "Area compared"], result: ["结果", "Result"], source: ["出处", "Source"],
  in_force: ["施行", "in force since"], condition: ["另须", "also asks for"], group: ["线索组(邻近线索累计)", "Group of neighbouring leads"],
  permits: ["许可", "Permits"], permits_none: ["许可图层中无重叠。", "None of the permits supplied touches it."],
  permits_unsupplied: ["未提供许可图层,未比对。", "No layer of permits was supplied: not compared."], kind: ["类型", "Kind"],
  valid: ["有效期", "Valid"], open_end: ["长期", "open"], in_force_then: ["发现时有效", "In force when first seen"],
  context: ["其他背景", "Also known of the ground"], places: ["坐标", "Coordinates"], lon: ["经度", "longitude"], lat: ["纬度", "latitude"],
  zone: ["CGCS2000 3 度带第 {0} 带(中央经线 {1}°)", "CGCS2000 3-degree zone {0} (central meridian {1}°)"],
  easting: ["横坐标 Y", "easting"], northing: ["纵坐标 X", "northing"], dates: ["时间线", "Time line"],
  confirmed_on: ["确认", "Confirmed"], last_seen: ["最近", "Last seen"], views: ["有效观测 {0} 次", "{0} clear views"],
  case: ["办理情况", "The case"], found: ["核查结论", "Verdict from the ground"], contested: ["结论不一致", "verdicts differ"],
  assigned: ["派核", "Assigned to"], until: ["截止", "until"], agency: ["机关", "Agency"], county: ["县", "County"], due: ["期限", "Due"],
  history: ["经过", "History"], notes: ["说明", "Notes"], measures: ["观测数值", "What was observed"], record: ["全部字段", "The whole record"],
  seen: ["逐次观测", "Every view"], used: ["采用", "used"], look_back: ["回溯期", "look-back"], inside: ["与同类一致", "like its look-alikes"],
  show_on_map: ["在图上显示", "Show on the map"], previous: ["上一条", "Previous"], next: ["下一条", "Next"],
  layer_leads: ["线索", "Leads"], layer_numbers: ["线索编号", "Numbers of leads"], layer_redlines: ["红线", "Red lines"],
  layer_context: ["许可及其他", "Permits and the like"], layer_gaps: ["缺测", "Gaps"], layer_imagery: ["影像", "Imagery"],
  colours: ["影像颜色", "Colours of the imagery"], natural: ["自然色", "natural"], infrared: ["假彩色(近红外)", "near infrared"],
  no_imagery: ["没有区域影像", "no imagery of the region"], no_gl: [
    "此浏览器不支持 WebGL2,无法绘制地图;列表、筛选、图片和文字均可使用。",
    "This browser has no WebGL2, so the map cannot be drawn; list, filter, pictures and text all work."],
  chosen: ["已选 {0} 至 {1}", "{0} to {1}"], all_time: ["点选一根柱子按月筛选,按住 Shift 再点选一段。", "Choose a bar to filter by month; with Shift a whole span."],
  bar: ["{0}:{1} 条", "{0}: {1} leads"], measure_help: ["在图上依次点选;双击或回车结束,Esc 取消。方向键平移后按空格加点。",
    "Click place after place; double-click or Enter ends, Esc cancels. With keys: arrows move the map, space adds its middle."],
  total: ["总长", "Length"], perimeter: ["周长", "Perimeter"], clear: ["清除", "Clear"], baseline: ["基期", "Look-back"], target: ["监测期", "Target period"],
  run: ["运行", "Run"], manifest: ["清单 SHA-256", "Manifest SHA-256"], program: ["程序", "Program"], lacking: ["缺少", "What is lacking"],
  imagery_days: ["影像日期", "Days of the imagery"], licence: ["地图库许可", "Licence of the map library"], keys: ["键盘", "Keys"],
  keys_help: ["列表:上下键、Home、End、PageUp、PageDown 选择,Enter 打开详情,Esc 关闭。分隔线:左右键移动(Shift 加速)。地图:方向键、加减号。",
    "List: up, down, Home, End, PageUp, PageDown choose; Enter opens the lead, Esc closes it. Divider: left and right (Shift: faster). Map: arrows, plus, minus."],
  printed: ["共 {0} 条线索", "{0} leads"], rank: ["序", "No."], yes: ["是", "yes"], no: ["否", "no"],
  desk: ["核查台", "Review desk"], step: ["步骤", "Step"], desk_by: ["记录人:{0}", "Recorded by {0}"], step_triage: ["已研判,值得核查", "Looked over, worth a visit"],
  step_assign: ["派人核查", "Send somebody"], step_verify: ["记录核查结论", "Record what was found"], step_reject: ["排除", "Put aside"],
  step_reopen: ["重新打开", "Open once more"], who: ["核查人", "Who was there"], on: ["日期", "Day"], reason: ["理由", "Reason"], cause: ["原因", "Cause"],
  assign_to: ["派给", "To"], write: ["记入台账", "Write into the ledger"], written: ["已记入台账(事件 {0})", "Written into the ledger (event {0})"],
  stale: ["他人已更新此线索,已为您刷新;请看过后再决定。", "Somebody has changed this lead meanwhile; it was refreshed. Look at it and decide again."],
  refused: ["未记入:{0}", "Not written: {0}"], gone: ["核查台已停止;页面仍可查看。", "The desk has ended; what is shown can still be read."],
  not_in_ledger: ["此线索不在台账中;先用 steppewatch ledger record 入账。", "This lead is not in the ledger; take its run in with steppewatch ledger record."],
  refused_lacking: ["请填写“{0}”", "fill in \"{0}\""], refused_text: ["“{0}”过长或含有控制字符", "\"{0}\" is too long or has control characters"],
  refused_day: ["“{0}”的日期不合适:核查日不早于前时相、不晚于今天,期限不早于今天", "the day of \"{0}\" cannot be: a visit lies between the picture before and today, a deadline from today on"],
  refused_state: ["线索的当前状态不允许这一步", "the lead's present state does not allow this step"],
  refused_busy: ["台账正由其他程序写入或暂不可用,请稍后再试", "another program is writing into the ledger, or it cannot be had now; try again in a moment"],
  nothing_to_do: ["此状态下核查台没有可记的步骤。", "The desk has no step for this state."],
};

/** The language that is spoken: 0 Chinese, 1 English. */
let tongue = 0;

/** The words of a key in the language that is spoken. */
function say(key, ...filled) {
  const words = WORDS[key] ? WORDS[key][tongue] : key;
  return filled.reduce((text, value, at) => text.replace(`{${at}}`, () => String(value)), words);
}

/** One of two words: Chinese, English. */
const spoken = (pair) => (pair ? pair[tongue] || pair[0] : "");

/** The words of a code of a domain; the code itself where it is none. */
function coded(domain, code) {
  const known = DATA.domains[domain];
  return known && Object.hasOwn(known, code) ? spoken(known[code]) : String(code ?? "");
}

/** A sentence of a record in the language that is spoken, where it is known in that. */
const inTongue = (sentence) => (!tongue && Object.hasOwn(DATA.phrases, sentence) ? DATA.phrases[sentence] : sentence);

/** The Chinese or English part of an alias that has both, Chinese first. */
function ofAlias(alias) {
  const end = [...alias].findLastIndex((letter) => letter >= "\u3400" && letter <= "\u9fff");
  const blank = alias.indexOf(" ", end);
  return blank < 0 ? alias : tongue ? alias.slice(blank + 1) : alias.slice(0, blank);
}

/** A number as people of both languages read it, with so many decimals. */
function figure(value, decimals = 0) {
  if (value === null || value === undefined || !Number.isFinite(Number(value))) return "–";
  return Number(value).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

const byId = (id) => document.getElementById(id);

/** Makes an element. Words become text, never markup; of attributes only those that this file lists. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "click") element.addEventListener("click", value);
    else if (name === "change") element.addEventListener("change", value);
    else if (name === "input") element.addEventListener("input", value);
    else if (name === "words") element.textContent = value;
    else if (name === "picture") element.src = value;
    else if (PLAIN.test(name)) element.setAttribute(name, value === true ? "" : String(value));
    else throw new Error(`attribute ${name} is not made here`);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
const PLAIN = /^(class|id|for|type|value|min|max|step|name|role|tabindex|scope|colspan|lang|title|alt|hidden|disabled|checked|selected|open|multiple|maxlength|required|width|height|loading|autocomplete|aria-[a-z]+|data-(say|label|title|place|key|at))$/;

/** Fills every element that names a key with the words of the language that is spoken. */
function sayAll(root = document) {
  for (const one of root.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of root.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.dataset.label));
  for (const one of root.querySelectorAll("[data-title]")) one.title = say(one.dataset.title);
  for (const one of root.querySelectorAll("[data-place]")) one.placeholder = say(one.dataset.place);
}
