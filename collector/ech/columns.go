package ech

// A Column is one of the 77 that a record has, in their order, which both
// forms share. The names are the vendor's.
type Column int

// The columns. Times that end in Time or are a Duration are lengths in seconds.
const (
	CallID Column = iota
	ACWTime
	OnHoldTime
	ConsultTime
	DispTime
	Duration
	SegStart
	SegStop
	TalkTime
	NetInTime
	OrigHoldTime
	QueueTime
	RingTime
	DispIVector
	DispSplit
	FirstIVector
	Split1
	Split2
	Split3
	TrunkGroup
	TkLocID
	OrigLocID
	AnswerLocID
	ObsLocID
	UUILen
	Assist
	AudioDifficulty
	Conference
	DAQueued
	HoldAbn
	Malicious
	ObservingCall
	Transferred
	AgentReleased
	ACDNum
	CallDisp
	DispPriority
	Holds
	Segment
	AnsReason
	OrigReason
	DispSkLevel
	Event0
	Event1
	Event2
	Event3
	Event4
	Event5
	Event6
	Event7
	Event8
	UCID
	DispVDN
	EqLoc
	FirstVDN
	OrigLogID
	AnsLogID
	LastObserver
	DialedNumber
	CallingParty
	CollectDigits
	CWCDigits
	CallingII
	CWC0
	CWC1
	CWC2
	CWC3
	CWC4
	VDN2
	VDN3
	VDN4
	VDN5
	VDN6
	VDN7
	VDN8
	VDN9
	ASAIUUI

	columns = int(ASAIUUI) + 1
)

// A kind is how a column of the binary form is written.
type kind uint8

const (
	number  kind = iota // unsigned, little-endian
	moment              // likewise: seconds since 1970
	letters             // text, filled up with NUL
	flag0               // the lowest bit of a byte; those that follow are the next ones
)

// A field is where the binary form has a column.
type field struct {
	name          string
	offset, width int // bytes
	kind          kind
}

// layout is the extended layout of versions 12, 13 and 14.
var layout = [columns]field{
	CallID:          {"callid", 0, 4, number},
	ACWTime:         {"acwtime", 4, 4, number},
	OnHoldTime:      {"onholdtime", 8, 4, number},
	ConsultTime:     {"consulttime", 12, 4, number},
	DispTime:        {"disptime", 16, 4, number},
	Duration:        {"duration", 20, 4, number},
	SegStart:        {"segstart", 24, 4, moment},
	SegStop:         {"segstop", 28, 4, moment},
	TalkTime:        {"talktime", 32, 4, number},
	NetInTime:       {"netintime", 36, 4, number},
	OrigHoldTime:    {"origholdtime", 40, 4, number},
	QueueTime:       {"queuetime", 44, 4, number},
	RingTime:        {"ringtime", 48, 4, number},
	DispIVector:     {"dispivector", 52, 2, number},
	DispSplit:       {"dispsplit", 54, 2, number},
	FirstIVector:    {"firstivector", 56, 2, number},
	Split1:          {"split1", 58, 2, number},
	Split2:          {"split2", 60, 2, number},
	Split3:          {"split3", 62, 2, number},
	TrunkGroup:      {"trunkgroup", 64, 2, number},
	TkLocID:         {"tklocid", 66, 2, number},
	OrigLocID:       {"origlocid", 68, 2, number},
	AnswerLocID:     {"answerlocid", 70, 2, number},
	ObsLocID:        {"obslocid", 72, 2, number},
	UUILen:          {"uuilen", 74, 2, number},
	Assist:          {"assist", 76, 1, flag0 + kind(0)},
	AudioDifficulty: {"audiodifficulty", 76, 1, flag0 + kind(1)},
	Conference:      {"conference", 76, 1, flag0 + kind(2)},
	DAQueued:        {"daqueued", 76, 1, flag0 + kind(3)},
	HoldAbn:         {"holdabn", 76, 1, flag0 + kind(4)},
	Malicious:       {"malicious", 76, 1, flag0 + kind(5)},
	ObservingCall:   {"observingcall", 76, 1, flag0 + kind(6)},
	Transferred:     {"transferred", 76, 1, flag0 + kind(7)},
	AgentReleased:   {"agentreleased", 77, 1, number},
	ACDNum:          {"acdnum", 78, 1, number},
	CallDisp:        {"calldisp", 79, 1, number},
	DispPriority:    {"disppriority", 80, 1, number},
	Holds:           {"holds", 81, 1, number},
	Segment:         {"segment", 82, 1, number},
	AnsReason:       {"ansreason", 83, 1, number},
	OrigReason:      {"origreason", 84, 1, number},
	DispSkLevel:     {"dispsklevel", 85, 1, number},
	Event0:          {"events0", 86, 1, number},
	Event1:          {"events1", 87, 1, number},
	Event2:          {"events2", 88, 1, number},
	Event3:          {"events3", 89, 1, number},
	Event4:          {"events4", 90, 1, number},
	Event5:          {"events5", 91, 1, number},
	Event6:          {"events6", 92, 1, number},
	Event7:          {"events7", 93, 1, number},
	Event8:          {"events8", 94, 1, number},
	UCID:            {"ucid", 95, 21, letters},
	DispVDN:         {"dispvdn", 116, 8, letters},
	EqLoc:           {"eqloc", 124, 10, letters},
	FirstVDN:        {"firstvdn", 134, 8, letters},
	OrigLogID:       {"origlogid", 142, 10, letters},
	AnsLogID:        {"anslogid", 152, 10, letters},
	LastObserver:    {"lastobserver", 162, 10, letters},
	DialedNumber:    {"dialednumber", 172, 25, letters},
	CallingParty:    {"callingparty", 197, 13, letters},
	CollectDigits:   {"collectdigits", 210, 17, letters},
	CWCDigits:       {"cwcdigits", 227, 17, letters},
	CallingII:       {"callingII", 244, 3, letters},
	CWC0:            {"cwcs0", 247, 17, letters},
	CWC1:            {"cwcs1", 264, 17, letters},
	CWC2:            {"cwcs2", 281, 17, letters},
	CWC3:            {"cwcs3", 298, 17, letters},
	CWC4:            {"cwcs4", 315, 17, letters},
	VDN2:            {"vdn2", 332, 8, letters},
	VDN3:            {"vdn3", 340, 8, letters},
	VDN4:            {"vdn4", 348, 8, letters},
	VDN5:            {"vdn5", 356, 8, letters},
	VDN6:            {"vdn6", 364, 8, letters},
	VDN7:            {"vdn7", 372, 8, letters},
	VDN8:            {"vdn8", 380, 8, letters},
	VDN9:            {"vdn9", 388, 8, letters},
	ASAIUUI:         {"asaiuui", 396, 96, letters},
}

// String returns the vendor's name.
func (c Column) String() string { return layout[c].name }
