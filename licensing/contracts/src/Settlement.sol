// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAssetRegistry} from "./interfaces/IAssetRegistry.sol";
import {Authorization} from "./interfaces/ISettlement.sol";
import {Digests} from "./Digests.sol";
import {Escrow} from "./Escrow.sol";
import {FixedAuthority} from "./FixedAuthority.sol";
import {Licenses} from "./Licenses.sol";
import {Payouts} from "./Payouts.sol";
import {OPERATOR} from "./Roles.sol";

/// @title Settlement
/// @notice Charges deposits for what payers have signed for, and credits the assets that were used.
/// @dev Trusts a voucher's signature for how much may be charged, an operator's for what was used, and no caller.
///      Signatures count by ecrecover alone: code at a signer's address changes nothing. Redeeming, claiming and
///      withdrawing have no pause, and the contract no upgrade. Always true: gross and held pools together are what
///      was charged and sold; the currency held covers every deposit left and every unpaid claim.
contract Settlement is Escrow, EIP712 {
    /// @dev Its last 8 bytes are the number of batches: both are written at the price of one.
    bytes32 public override usageHead;
    mapping(uint256 assetId => uint256) public override poolHeldOf;

    constructor(address authority, IERC20 currency_, IAssetRegistry registry_, address treasury_, uint64 withdrawDelay_)
        FixedAuthority(authority)
        Payouts(currency_, registry_, treasury_)
        Escrow(new Licenses(authority, registry_, currency_), withdrawDelay_)
        EIP712("Qanat Settlement", "1")
    {}

    function redeem(
        bytes32 expectedHead,
        bytes32 usageRoot,
        string calldata uri,
        Group[] calldata groups,
        bytes calldata operatorSignature
    ) external override nonReentrant returns (uint256 amount) {
        if (expectedHead != usageHead) revert HeadMoved(expectedHead, usageHead);
        address operator = _requireOperator(batchDigest(expectedHead, usageRoot, uri, groups), operatorSignature);

        bytes32 head = _headAfter(expectedHead, usageRoot);
        usageHead = head;
        for (uint256 i = 0; i < groups.length; i++) {
            amount += _redeemGroup(groups[i]);
        }
        emit BatchRedeemed(_numberIn(head), usageRoot, expectedHead, head, operator, amount, uri);
    }

    function recordSale(address payer, uint256 assetId, uint128 amount) external override onlyLicenses nonReentrant {
        uint256 gross = _credit(assetId, amount);
        emit SaleRecorded(assetId, payer, amount, gross);
        _pull(payer, amount);
    }

    function receiveFor(address payer, uint256 amount, bytes32 nonce, Authorization calldata authorization)
        external
        override
        onlyLicenses
        nonReentrant
    {
        _receive(payer, amount, nonce, authorization);
    }

    function batchNo() external view override returns (uint256) {
        return _numberIn(usageHead);
    }

    function voucherDigest(uint256 licenseId, uint64 epoch, uint128 cumulative) public view override returns (bytes32) {
        return _hashTypedDataV4(Digests.voucher(licenseId, epoch, cumulative));
    }

    function batchDigest(bytes32 expectedHead, bytes32 usageRoot, string calldata uri, Group[] calldata groups)
        public
        view
        override
        returns (bytes32)
    {
        return _hashTypedDataV4(Digests.batch(expectedHead, usageRoot, uri, groups));
    }

    function _headAfter(bytes32 head, bytes32 usageRoot) private pure returns (bytes32) {
        bytes24 chained = bytes24(keccak256(abi.encode(head, usageRoot)));
        return bytes32(chained) | bytes32(_numberIn(head) + 1);
    }

    function _numberIn(bytes32 head) private pure returns (uint256) {
        return uint64(uint256(head));
    }

    function _requireOperator(bytes32 digest, bytes calldata signature) private view returns (address operator) {
        operator = ECDSA.recoverCalldata(digest, signature);
        (bool isOperator,) = IAccessManager(authority()).hasRole(OPERATOR, operator);
        if (!isOperator) revert NotOperator(operator);
    }

    function _redeemGroup(Group calldata group) private returns (uint256 charged) {
        uint256 assetId = group.assetId;
        Item[] calldata items = group.items;
        Account storage account = _account(assetId);
        (uint64 series, uint16 poolBps) = (account.series, account.poolBps);
        uint256 pooled = 0;
        for (uint256 i = 0; i < items.length; i++) {
            (uint256 before, uint256 redeemed) = _redeemItem(items[i], assetId, series);
            charged += redeemed - before;
            if (poolBps > 0) pooled += redeemed * poolBps / ALL_BPS - before * poolBps / ALL_BPS;
        }
        if (charged > pooled) account.gross += SafeCast.toUint128(charged - pooled);
        if (poolBps > 0) _sharePool(assetId, pooled, group.lines);
    }

    /// @dev Returns the channel's charges before and after; they are the same where the item was skipped.
    function _redeemItem(Item calldata item, uint256 assetId, uint64 series)
        private
        returns (uint128 before, uint128 redeemed)
    {
        Channel storage channel = _channels[item.licenseId][item.epoch];
        before = channel.redeemed;
        uint128 deposited = channel.deposited;
        SkipReason reason;
        if (channel.series == 0) {
            reason = SkipReason.NO_CHANNEL;
        } else if (channel.series != series) {
            reason = SkipReason.OTHER_SERIES;
        } else if (item.claim > item.ceiling) {
            reason = SkipReason.CLAIM_ABOVE_CEILING;
        } else if (item.claim <= before) {
            reason = SkipReason.ALREADY_REDEEMED;
        } else if (!_isSigned(item, channel.signer)) {
            reason = SkipReason.BAD_SIGNATURE;
        } else if (deposited == before) {
            reason = SkipReason.NOTHING_LEFT;
        } else {
            redeemed = item.claim < deposited ? item.claim : deposited;
            channel.redeemed = redeemed;
            emit ItemRedeemed(item.licenseId, item.epoch, assetId, redeemed - before, redeemed);
            return (before, redeemed);
        }
        emit ItemSkipped(item.licenseId, item.epoch, reason, item.claim);
        return (before, before);
    }

    function _isSigned(Item calldata item, address signer) private view returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) =
            ECDSA.tryRecover(voucherDigest(item.licenseId, item.epoch, item.ceiling), item.r, item.vs);
        if (problem != ECDSA.RecoverError.NoError) return false;
        return recovered == signer || block.timestamp < retiredUntil[item.licenseId][item.epoch][recovered];
    }

    /// @dev Divides by weight and carries what rounding leaves to the asset's next batch.
    function _sharePool(uint256 assetId, uint256 pooled, Line[] calldata lines) private {
        uint256 pot = poolHeldOf[assetId] + pooled;
        if (pot == 0) return;
        uint256 held = pot;
        if (lines.length == 0) {
            held -= _payLine(assetId, assetId, pot);
        } else {
            uint256 weights = 0;
            for (uint256 i = 0; i < lines.length; i++) {
                weights += lines[i].weight;
            }
            if (weights == 0) revert NoWeight(assetId);
            for (uint256 i = 0; i < lines.length; i++) {
                uint256 payee = lines[i].assetId;
                if (!registry.mayPay(assetId, payee)) revert NotADependency(assetId, payee);
                held -= _payLine(assetId, payee, pot * lines[i].weight / weights);
            }
        }
        poolHeldOf[assetId] = held;
    }

    function _payLine(uint256 assetId, uint256 payee, uint256 amount) private returns (uint256) {
        if (amount == 0) return 0;
        _credit(payee, amount);
        emit PoolShared(assetId, payee, amount);
        return amount;
    }
}
