//! The flight sheet: what the pilot reads before the flight, as plain text that any machine opens and prints.
//!
//! In:  missions of a lead or of a day. Out: text, UTF-8 with its mark and the line ends of Windows, where it is opened.
//! Law: what was assumed is said beside what was computed. A sheet is no permission to fly.

use crate::publish::fields::{DISCLAIMER, DISCLAIMER_ZH};
use crate::report::Language;
use crate::report::degrees::{decimal, sexagesimal};
use crate::report::drone::Filed;
use crate::report::drone::mission::batteries;
use crate::report::drone::settings::{Flight, Settings};
use crate::report::material::Item;
use crate::report::plain::line;

/// Rise of the ground in metres above the take-off point for which the sheet says what is left of the overlap.
const RISE_METRES: f64 = 15.0;

/// What sheets of one report share.
pub(super) struct Sheet<'a> {
    pub(super) settings: &'a Settings,
    pub(super) flight: &'a Flight,
}

/// One of the two languages.
type Pick = for<'a> fn(&'a str, &'a str) -> &'a str;

impl Sheet<'_> {
    /// The sheet of some missions.
    pub(super) fn text(&self, language: Language, filed: &[&Filed]) -> String {
        let (chinese, english): (Pick, Pick) = (|zh, _| zh, |_, en| en);
        let sheets: Vec<String> = match language {
            Language::Chinese => vec![self.one(chinese, filed)],
            Language::English => vec![self.one(english, filed)],
            Language::Both => vec![self.one(chinese, filed), self.one(english, filed)],
        };
        let whole = sheets.join(&format!("\n{}\n\n", "=".repeat(60)));
        format!("\u{feff}{}", whole.replace('\n', "\r\n"))
    }

    fn one(&self, pick: Pick, filed: &[&Filed]) -> String {
        let mut leads: Vec<&Item> = Vec::new();
        for lead in filed.iter().flat_map(|one| &one.leads) {
            if leads.iter().all(|known| known.id != lead.id) {
                leads.push(lead);
            }
        }
        let mut text = format!("{}\n\n", pick("无人机飞行单", "FLIGHT SHEET"));
        for lead in leads {
            text.push_str(&place(pick, lead));
        }
        text.push_str(&self.flight(pick));
        text.push_str(&self.missions(pick, filed));
        text.push_str(&self.terrain(pick));
        text.push_str(&self.checks(pick, filed));
        text.push_str(&format!("\n{}\n", pick(DISCLAIMER_ZH, DISCLAIMER)));
        text
    }

    fn flight(&self, pick: Pick) -> String {
        let (flight, settings) = (self.flight, self.settings);
        let rows = [
            (pick("机型", "Drone"), format!("{} ({})", flight.drone.name, flight.drone.call)),
            (
                pick("测图航高", "Height of strips"),
                format!("{:.0} m {}", flight.height, pick("(相对起飞点)", "above the take-off point")),
            ),
            (
                pick("环绕航高", "Height of the ring"),
                format!("{:.0} m {}", flight.ring_height, pick("(相对起飞点)", "above the take-off point")),
            ),
            (pick("限高", "Ceiling"), format!("{:.0} m", settings.ceiling)),
            (
                pick("地面分辨率", "Ground of a pixel"),
                format!("{:.1} cm", flight.drone.sample(flight.height) * 100.0),
            ),
            (
                pick("重叠率(航向/旁向)", "Overlap, forward / side"),
                format!("{} % / {} %", settings.forward, settings.side),
            ),
            (
                pick("速度,拍照间隔", "Speed, time between photographs"),
                format!("{:.1} m/s, {:.1} s", flight.speed, flight.interval),
            ),
            (pick("外扩", "Margin around the lead"), format!("{} m", settings.margin)),
            (
                pick("单块电池可用", "Of each battery"),
                format!(
                    "{:.0} min {}",
                    flight.seconds / 60.0,
                    pick("(其余为返航与低温余量)", "(the rest is for the way home and the cold)")
                ),
            ),
        ];
        rows.iter().map(|(name, value)| format!("{name}: {value}\n")).collect::<String>() + "\n"
    }

    fn missions(&self, pick: Pick, filed: &[&Filed]) -> String {
        let seconds = || filed.iter().map(|one| one.mission.seconds);
        let photos: usize = filed.iter().map(|one| one.mission.photos).sum();
        format!(
            "{}{}: {} {}, {:.0} min, {} {}, {photos} {}\n\n",
            listed(pick, filed),
            pick("合计", "Together"),
            filed.len(),
            pick("次飞行", "flights"),
            seconds().sum::<f64>() / 60.0,
            batteries(seconds(), self.flight.seconds),
            pick("块电池", "batteries"),
            pick("张照片", "photographs"),
        )
    }

    /// What the heights stand on, and what is left of the overlap where the ground is not level.
    fn terrain(&self, pick: Pick) -> String {
        let (across, along) = self.flight.drone.covers(self.flight.height - RISE_METRES);
        let left = |covered: f64, step: f64| (100.0 * (1.0 - step / covered)).floor();
        let forward = left(along, self.flight.speed * self.flight.interval);
        let side = left(across, self.flight.spacing);
        let (height, rise) = (self.flight.height, RISE_METRES);
        pick(
            &format!(
                "地形: 未使用高程数据。航高以起飞点为零,假定测区与起飞点同高。地面每高出起飞点 1 m,离地高度即少 1 m;\n\
                 高出 {rise:.0} m 时重叠率只剩 {forward:.0} % / {side:.0} %,低于起飞点时离地高度大于 {height:.0} m,可能超过限高。\n\
                 请在与测区同高处起飞;起伏超过 {rise:.0} m 时,在 DJI Pilot 2 中改用仿地飞行或分块。\n\n"
            ),
            &format!(
                "Terrain: no elevation data were used. Heights count from the take-off point, and the ground is taken to be level\n\
                 with it. Each metre that the ground rises is a metre less above it: at {rise:.0} m the overlap is {forward:.0} % / {side:.0} %.\n\
                 Where the ground is lower than the take-off point the drone is more than {height:.0} m above it, which may be over the\n\
                 ceiling. Take off at the height of the ground to be mapped; where it varies by more than {rise:.0} m, follow the terrain\n\
                 in DJI Pilot 2 or fly it in parts.\n\n"
            ),
        )
        .to_owned()
    }

    fn checks(&self, pick: Pick, filed: &[&Filed]) -> String {
        let farthest = filed.iter().map(|one| one.mission.reach()).fold(0.0, f64::max);
        let farthest = format!(
            "{}{farthest:.0} m",
            pick("保持目视;离起飞点最远 ", "Keep the drone in sight; farthest from the take-off point: ")
        );
        let checks = [
            pick(
                "空域: 查询适飞空域,管制空域先申请;真高 120 m 以上为管制空域(《无人驾驶航空器飞行管理暂行条例》第十九条),以现行规定为准",
                "Airspace: look up whether it is open, else apply first; above 120 m over ground it is controlled in China \
                 (Interim Regulations on Unmanned Aircraft Flights, article 19); the rules in force count",
            ),
            pick(
                "人员、牲畜、房屋、道路: 不在其上空飞行",
                "People, livestock, houses, roads: do not fly over them",
            ),
            pick(
                "障碍: 高压线、风机、测风塔、信号塔是否低于航高",
                "Obstacles: power lines, wind turbines, masts: all below the height of flight?",
            ),
            pick(
                "天气: 风、雨雪、低温按机型手册",
                "Weather: wind, rain, snow, cold as the drone's manual says",
            ),
            pick("登记、执照、保险齐备", "Registration, licence, insurance"),
            &farthest,
            pick(
                "导入: 将 KMZ 拷入遥控器,DJI Pilot 2 > 航线 > 导入;核对机型、航高模式“相对起飞点”、返航高度、预计时间",
                "Import: copy the KMZ to the controller, DJI Pilot 2 > Flight Route > Import; check drone, height mode (relative to \
                 the take-off point), return height and time",
            ),
            pick(
                "坐标为 WGS 84,不要按高德、百度地图(GCJ-02、BD-09)偏移",
                "Coordinates are WGS 84: do not shift them to GCJ-02 or BD-09 of phone maps",
            ),
            pick(
                "取证: 校准遥控器时间;保留原始存储卡和文件名,不编辑照片",
                "Evidence: set the clock of the controller; keep the original card and file names, edit no photograph",
            ),
        ];
        let title = pick(
            "飞行前检查(本航线由程序计算,未经试飞,由操控员复核)",
            "Before the flight (computed by a program, never flown: the pilot decides)",
        );
        format!("{title}\n{}", checks.map(|check| format!("[ ] {check}\n")).concat())
    }
}

/// Where a lead lies and what it is.
fn place(pick: Pick, lead: &Item) -> String {
    let name = line(pick(lead.text("model_name_zh"), lead.text("model_name")));
    let area = match (lead.number("area_m2"), lead.number("area_mu")) {
        (Some(metres), Some(mu)) => format!("{metres:.0} m² = {mu:.2} {}", pick("亩", "mu")),
        _ => pick("不详", "not known").to_owned(),
    };
    let redline = line(lead.text("redline_name"));
    let rows = [
        (pick("线索", "Lead"), format!("{}  {} {name}", line(&lead.id), line(lead.text("model")))),
        (pick("位置(WGS 84 经度, 纬度)", "Place (WGS 84 longitude, latitude)"), decimal(lead.point)),
        (
            "CGCS2000",
            format!(
                "{} {}",
                sexagesimal(lead.point),
                pick("(与 WGS 84 相差不到 1 m)", "(less than 1 m from WGS 84)")
            ),
        ),
        (pick("面积", "Area"), area),
        (pick("红线", "Red line"), if redline.is_empty() { "-".to_owned() } else { redline }),
    ];
    rows.iter().map(|(name, value)| format!("{name}: {value}\n")).collect::<String>() + "\n"
}

/// The missions, none of which needs more than one battery.
fn listed(pick: Pick, filed: &[&Filed]) -> String {
    let mut text = format!("{}\n", pick("航线任务", "Missions"));
    for (number, one) in filed.iter().enumerate() {
        let mission = &one.mission;
        let ids: Vec<String> = one.leads.iter().map(|lead| line(&lead.id)).collect();
        let kind = match one.kind {
            "map" => pick("正射测图", "mapping strips").to_owned(),
            "ring" => pick("环绕取证", "ring of oblique photographs").to_owned(),
            _ => format!("{} {}", pick("测图和环绕:", "strips and rings of"), ids.join(", ")),
        };
        let direction = one
            .direction
            .map_or(String::new(), |degrees| format!(", {} {degrees}°", pick("航向", "direction")));
        text.push_str(&format!(
            "{}. {}: {kind}{direction}\n   {} {:.1} min, {} {}, {} {:.1} km\n   {}: {} ({}), {} {:.0} m\n",
            number + 1,
            one.file,
            pick("时间", "time"),
            mission.seconds / 60.0,
            pick("照片", "photographs"),
            mission.photos,
            pick("航程", "way"),
            mission.metres / 1000.0,
            pick("建议起飞点", "take-off suggested at"),
            decimal(mission.take_off()),
            pick(
                "首个航点正下方,可就近选平坦空旷处",
                "below the first waypoint; any level open place near it"
            ),
            pick("最远", "farthest"),
            mission.reach(),
        ));
    }
    text
}
