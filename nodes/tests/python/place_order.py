"""Places an order, knowing nothing of the exchange but its address.

Everything about the wire comes from reflection: what services there are, what their messages look
like. Prints one JSON document: the services, the order placed, its open orders, and a refusal.

    place_order.py 127.0.0.1:7070 alice
"""

import json
import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SECONDS = 10


class Exchange:
    """Calls methods by name, with messages as plain dictionaries."""

    def __init__(self, channel, account):
        self.channel = channel
        self.reflection = ProtoReflectionDescriptorDatabase(channel)
        self.pool = DescriptorPool(self.reflection)
        self.metadata = [("authorization", f"Bearer dev:{account}")]

    def services(self):
        return sorted(self.reflection.get_services())

    def call(self, service, method, request):
        found = self.pool.FindServiceByName(service).FindMethodByName(method)
        invoke = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(found.output_type).FromString,
        )
        message = json_format.ParseDict(request, GetMessageClass(found.input_type)())
        answer = invoke(message, metadata=self.metadata, timeout=SECONDS)
        return json_format.MessageToDict(answer, descriptor_pool=self.pool)


def order(price):
    return {
        "parent": "accounts/me",
        "order": {
            "instrument": "instruments/LPJ-KRW",
            "side": "SIDE_BUY",
            "type": "ORDER_TYPE_LIMIT",
            "quantity": {"value": "3"},
            "price": {"value": price},
        },
    }


def main(address, account):
    with grpc.insecure_channel(address) as channel:
        exchange = Exchange(channel, account)
        result = {"services": exchange.services()}
        placed = exchange.call("hoga.v1.OrderService", "CreateOrder", order("700"))
        result["placed"] = placed["order"]
        listed = exchange.call(
            "hoga.v1.OrderService",
            "ListOrders",
            # Read your own writes: after the account has heard what the book decided.
            {"parent": "accounts/me", "states": ["ORDER_STATE_OPEN"], "after": placed["settles"]},
        )
        result["open"] = [found["name"] for found in listed.get("orders", [])]
        try:
            exchange.call("hoga.v1.OrderService", "CreateOrder", order("700.5"))
        except grpc.RpcError as refusal:
            result["refusal"] = {"code": refusal.code().name, "message": refusal.details()}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
