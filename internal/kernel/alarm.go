package kernel

import (
	"io"
	"os"
	"regexp"
)

// falseAlarm is printed by jsii-runtime-go 1.139.0 in every third run or so, without a newline, when nothing is wrong: its
// Close and a separate goroutine wait for the same process, and the goroutine reports it when Close was faster. Every
// other end of the process has another text. On Linux the call is waitid, on macOS it is wait.
// https://github.com/aws/jsii/blob/v1.139.0/packages/%40jsii/go-runtime/jsii-runtime-go/internal/kernel/process/process.go
var falseAlarm = regexp.MustCompile(`Runtime process exited abnormally: wait(id)?: no child processes`)

// withoutFalseAlarm keeps the false alarm out of standard error, until the function that it returns is called. It must be
// called before the CDK is used, and finish last: the goroutine may still write then, and that leads nowhere.
func withoutFalseAlarm() (finish func()) {
	read, write, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	done := make(chan struct{})
	go func(to io.Writer) {
		defer close(done)
		copyWithoutFalseAlarm(to, read)
	}(os.Stderr)
	os.Stderr = write
	return func() {
		_ = write.Close() // it is ours
		<-done
	}
}

// copyWithoutFalseAlarm passes on what is written when it is written: the alarm is one write, and so is what a read gets.
func copyWithoutFalseAlarm(to io.Writer, from io.Reader) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		_, _ = to.Write(falseAlarm.ReplaceAll(buffer[:n], nil)) // there is no other place to report that
		if err != nil {
			return
		}
	}
}
