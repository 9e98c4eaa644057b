package devstack

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// logFile is where a server writes, across all its lives; explain looks at the present one.
type logFile struct {
	*os.File
	start int64
}

func openLog(path string) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &logFile{File: f, start: info.Size()}, nil
}

// explain is the error of a server that ended before it answered: the end of what it wrote.
func (l *logFile) explain() error {
	size := int64(0)
	if info, err := l.Stat(); err == nil {
		size = info.Size()
	}
	from := max(l.start, size-2000)
	written, err := io.ReadAll(io.NewSectionReader(l, from, size-from))
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	text := strings.TrimSpace(string(written))
	if strings.Contains(text, "Address already in use") {
		return fmt.Errorf("%w; its log ends with:\n%s", errPortTaken, text)
	}
	return fmt.Errorf("its log ends with:\n%s", text)
}
