package telemetry

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// options keeps sets of attributes, which are dear to make and few: routes, use cases, channels.
type options struct{ made sync.Map }

// requestKey is what tells sets of a request apart.
type requestKey struct {
	method, route string
	status        int
}

func (o *options) request(method, route string, status int) metric.MeasurementOption {
	return o.get(requestKey{method, route, status}, func() attribute.Set {
		return attribute.NewSet(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	})
}

// one is a set of one attribute, two a set of two.
func (o *options) one(key, value string) metric.MeasurementOption {
	return o.get([2]string{key, value}, func() attribute.Set { return attribute.NewSet(attribute.String(key, value)) })
}

func (o *options) two(key, value, otherKey, other string) metric.MeasurementOption {
	return o.get([4]string{key, value, otherKey, other}, func() attribute.Set {
		return attribute.NewSet(attribute.String(key, value), attribute.String(otherKey, other))
	})
}

func (o *options) get(key any, set func() attribute.Set) metric.MeasurementOption {
	if known, ok := o.made.Load(key); ok {
		return known.(metric.MeasurementOption)
	}
	known, _ := o.made.LoadOrStore(key, metric.WithAttributeSet(set()))
	return known.(metric.MeasurementOption)
}
