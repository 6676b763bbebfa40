package whatsapp

// half is a part of the day that a 12-hour clock names.
type half uint8

const (
	am half = iota + 1
	pm
	noon
	night
)

// halves are the words for them, in lower case and without dots and spaces.
var halves = words(map[half]string{
	am: "am a fm ap de sa pg öö vm dop fh rn to priešpiet eparadites paradite πμ ص قظ לפנהצ дп тд проб претпл преподне " +
		"үө पूर्वाह्न मपू পূর্বাহ্ণ முற்பகல் ಪೂರ್ವಾಹ್ನ ก่อนเที่ยง ກ່ອນທ່ຽງ နံနက် ព្រឹក ጥዋት පෙව 上午 午前 오전 凌晨 清晨 早上",
	pm: "pm p em ip du ch ptg ös nm odp pop eh in tk popiet epasdites pasdite μμ م بظ אחהצ пп тк слоб попл поподне " +
		"үх अपराह्न मउ অপরাহ্ণ பிற்பகல் ಅಪರಾಹ್ನ หลังเที่ยง ຫຼັງທ່ຽງ ညနေ ល្ងាច ከሰዓት පව 下午 午後 오후",
	noon:  "中午",
	night: "晚上",
})

func words(m map[half]string) map[string]half {
	r := map[string]half{}
	for h, list := range m {
		for w := range fields(list) {
			r[w] = h
		}
	}
	return r
}

// fields yields the words of a list.
func fields(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start := -1
		for i := 0; i <= len(s); i++ {
			space := i == len(s) || s[i] == ' '
			if space && start >= 0 {
				if !yield(s[start:i]) {
					return
				}
				start = -1
			} else if !space && start < 0 {
				start = i
			}
		}
	}
}

// eras are what a year's calendar is called.
var eras = map[string]era{
	"be": buddhist, "พศ": buddhist, "r": reiwa, "令和": reiwa, "h": heisei, "平成": heisei, "s": showa, "昭和": showa,
	"民國": minguo, "民国": minguo, "ad": common, "ce": common, "คศ": common, "西元": common, "西暦": common,
}

// joiners stand between date and time in some languages and say nothing.
var joiners = set("at um klo kl u à a às as om v o в г ב الساعة في lúc alle ore y i")

func set(s string) map[string]bool {
	r := map[string]bool{}
	for w := range fields(s) {
		r[w] = true
	}
	return r
}

// months are the names of months that very old exports wrote, full and short,
// in lower case and without dots.
var months = monthNames(
	"jan january janvier janv januar jänner jän enero ene gennaio gen janeiro januari ocak oca января янв jan stycznia sty leden ledna",
	"feb february février févr fév februar febrero febbraio fevereiro fev februari şubat şub февраля фев февр lutego lut únor února",
	"mar march mars märz mär mrz marzo março maart mrt maret mart марта мар marca březen března",
	"apr april avril avr abril abr aprile nisan nis апреля апр kwietnia kwi duben dubna",
	"may mai mayo maggio mag maio mei mayıs мая май maja maj květen května",
	"jun june juin juni junio giugno giu junho haziran haz июня июн czerwca cze červen června",
	"jul july juillet juil juli julio luglio lug julho temmuz tem июля июл lipca lip červenec července",
	"aug august août agosto ago augustus agustus agu ağustos ağu августа авг sierpnia sie srpen srpna",
	"sep sept september septembre septiembre settembre set setembro eylül eyl сентября сен сент września wrz září",
	"oct october octobre okt oktober octubre ottobre ott outubro out ekim eki октября окт października paź říjen října",
	"nov november novembre noviembre novembro kasım kas ноября ноя нояб listopada lis listopad listopadu",
	"dec december décembre déc dez dezember dic diciembre dicembre dezembro des desember aralık ara декабря дек grudnia gru prosinec prosince",
)

func monthNames(lists ...string) map[string]int {
	r := map[string]int{}
	for i, list := range lists {
		for w := range fields(list) {
			r[w] = i + 1
		}
	}
	return r
}
